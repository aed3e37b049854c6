"""Options reach the networks, a destination's own come first; every kind of post comes back as what it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.client import Client, entry
from tests.e2e.stories import ended, first, refused, take, to, unique, world
from tests.e2e.test_openapi import document

NETWORKS = ["x", "linkedin", "instagram", "facebook", "tiktok", "youtube"]


def medium(client: Client, wish: str) -> str:
    return f"{client.up.sandbox.url}/_control/media/{wish}"


def upright(client: Client, seconds: int = 5) -> str:
    return medium(client, f"made.mp4?seconds={seconds}&width=720&height=1280&bytes=100000")


def pictures(client: Client, number: int) -> list[str]:
    return [medium(client, f"made.jpg?width=800&height=800&bytes={50_000 + n}") for n in range(number)]


async def out(client: Client, platform: str, media: list[str], **more: Any) -> tuple[dict[str, Any], Any]:
    """A post that went out to one account: our view of it, and the network's."""
    body = {"post": unique("a kind"), "destinations": await to(client, platform), "media_urls": media, **more}
    view = await ended(client, (await take(client, body))["post_id"])
    assert view["status"] == "posted", view
    return view, native(client, platform, view["destinations"][0]["platform_post_id"])


def native(client: Client, platform: str, native_id: str) -> Any:
    """The post in the network's own books."""
    return next(p for p in world(client).state.posts if (p.platform, p.id) == (platform, native_id))


# ---- they reach the networks ----

OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "x": (
        {"reply_settings": "following", "made_with_ai": True, "paid_partnership": True, "alt_texts": ["A"]},
        {"reply_settings": "following", "made_with_ai": True, "paid_partnership": True},
    ),
    "linkedin": (
        {"visibility": "LOGGED_IN", "title": "A film", "disable_reshare": True},
        {"visibility": "LOGGED_IN", "title": "A film", "isReshareDisabledByAuthor": True},
    ),
    "instagram": (
        {"kind": "reel", "collaborators": ["ada.example"], "share_to_feed": False},
        {"is_shared_to_feed": False},
    ),
    "facebook": ({"title": "A film"}, {"title": "A film"}),
    "tiktok": (
        {"allow_comments": False, "own_brand": True, "made_with_ai": True, "cover_ms": 500},
        {
            "shown": {
                "disable_comment": True,
                "is_brand_organic": True,
                "is_ai_generated": True,
                "thumbnail_offset": 500,
            }
        },
    ),
    "youtube": (
        {"title": "A title", "tags": ["one", "two"], "privacy": "unlisted", "made_for_kids": True},
        {},
    ),
}


@pytest.mark.parametrize("platform", NETWORKS)
async def test_options_reach_the_network(client: Client, platform: str) -> None:
    given, expected = OPTIONS[platform]
    _, post = await out(client, platform, [upright(client)], options={platform: given})
    assert {name: post.facts.get(name) for name in expected} == expected
    if platform == "x":
        assert [one["alt_text"] for one in post.facts["media"]] == ["A"]
    if platform == "instagram":
        assert "ada.example" in str(post.facts["collaborators"])
    if platform == "youtube":
        snippet, status = post.facts["snippet"], post.facts["status"]
        assert (snippet["title"], snippet["tags"]) == ("A title", ["one", "two"])
        assert (status["privacyStatus"], status["selfDeclaredMadeForKids"]) == ("unlisted", True)


@pytest.mark.parametrize("platform", NETWORKS)
async def test_what_is_left_out_is_the_networks_default(client: Client, platform: str) -> None:
    _, post = await out(client, platform, [upright(client)])
    facts = post.facts
    told = {
        "x": lambda: facts.get("reply_settings"),
        "linkedin": lambda: (facts["visibility"], facts["isReshareDisabledByAuthor"]) != ("PUBLIC", False),
        "instagram": lambda: not facts["is_shared_to_feed"],
        "facebook": lambda: facts["title"],
        "tiktok": lambda: facts["shown"],
        "youtube": lambda: facts["status"]["privacyStatus"] != "public",
    }
    assert not told[platform]()


async def test_photos_of_a_creator_with_their_options(client: Client) -> None:
    options = {"privacy": "SELF_ONLY", "title": "Three", "cover_index": 1}
    media = [medium(client, f"made.jpg?width=800&height=800&bytes={60_000 + n}") for n in range(3)]
    body = {
        "post": unique("photos"),
        "destinations": await to(client, "tiktok"),
        "media_urls": media,
        "options": {"tiktok": options},
    }
    before = [post["id"] for post in await client.native_posts("tiktok")]
    await ended(client, (await take(client, body))["post_id"])
    [post] = [one for one in await client.native_posts("tiktok") if one["id"] not in before]
    assert (post["kind"], post["facts"]["photos"], post["facts"]["privacy"]) == ("photo", 3, "SELF_ONLY")


async def test_a_thumbnail_reaches_the_video(client: Client) -> None:
    picture = medium(client, "made.jpg?width=1280&height=720&bytes=70001")
    _, post = await out(
        client, "youtube", [client.video], options={"youtube": {"title": "T", "thumbnail_url": picture}}
    )
    assert post.facts["thumbnail"] == 70001


async def test_a_cover_reaches_the_reel(client: Client) -> None:
    picture = medium(client, "made.jpg?width=1080&height=1920")
    _, post = await out(client, "instagram", [upright(client)], options={"instagram": {"cover_url": picture}})
    assert post.facts["cover_url"] == picture


async def test_a_thumbnail_that_cannot_be_one_is_named_with_its_place(client: Client) -> None:
    for wrong in ("none.jpg", "sample.mp4"):
        options = {"youtube": {"title": "T", "thumbnail_url": medium(client, wrong)}}
        body = {"destinations": await to(client, "youtube"), "media_urls": [client.video], "options": options}
        [fault] = await refused(client, {"post": "p", **body})
        assert fault["loc"] == ["body", "destinations", 0, "options", "youtube", "thumbnail_url"]


# ---- the destination's own come first ----


async def test_a_destinations_text_and_options_come_before_the_posts(client: Client) -> None:
    """Also where they restore what is the default anyway."""
    one, another = await client.accounts("x")
    page = await first(client, "linkedin")
    common, own = unique("for all"), unique("for one")
    body = {
        "post": common,
        "destinations": [
            {
                "social_connection_id": one,
                "post": own,
                "options": {"x": {"reply_settings": None, "made_with_ai": False}},
            },
            {"social_connection_id": another, "options": {"x": {"reply_settings": "verified"}}},
            {"social_connection_id": page},
        ],
        "media_urls": [client.video],
        "options": {
            "x": {"reply_settings": "following", "made_with_ai": True, "paid_partnership": True},
            "linkedin": {"title": "All"},
        },
    }
    view = await ended(client, (await take(client, body))["post_id"])
    assert view["status"] == "posted", view
    assert view["description"] == common
    rows = view["destinations"]
    first_one, second, third = [native(client, row["platform"], row["platform_post_id"]) for row in rows]
    assert (first_one.text, second.text, third.text) == (own, common, common)
    names = ("reply_settings", "made_with_ai", "paid_partnership")
    assert [first_one.facts.get(name) for name in names] == [None, None, True]
    assert [second.facts.get(name) for name in names] == ["verified", True, True]
    assert third.facts["title"] == "All"


async def test_options_wait_with_a_scheduled_post(client: Client) -> None:
    body = {
        "post": unique("later"),
        "destinations": await to(client, "youtube"),
        "media_urls": [client.video],
        "options": {"youtube": {"title": "Kept", "privacy": "private"}},
        "needs_approval": True,
    }
    made = await take(client, body)
    await client.call("PATCH", f"/social/post/{made['post_id']}", json={"approve": True})
    view = await ended(client, made["post_id"])
    post = native(client, "youtube", view["destinations"][0]["platform_post_id"])
    assert post.facts["snippet"]["title"] == "Kept"
    assert post.facts["status"]["privacyStatus"] == "private"


# ---- wrong ones ----

WRONG: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("x", {"reply_settings": "nobody"}, ["options", "x", "reply_settings"]),
    ("x", {"alt_texts": ["a" * 1001]}, ["options", "x", "alt_texts", 0]),
    ("linkedin", {"visibility": "EVERYONE"}, ["options", "linkedin", "visibility"]),
    ("instagram", {"kind": "movie"}, ["options", "instagram", "kind"]),
    ("instagram", {"collaborators": ["a", "b", "c", "d"]}, ["options", "instagram", "collaborators"]),
    ("facebook", {"kind": "story"}, ["options", "facebook", "kind"]),
    ("tiktok", {"cover_index": 35}, ["options", "tiktok", "cover_index"]),
    ("youtube", {"privacy": "secret"}, ["options", "youtube", "privacy"]),
    ("youtube", {"made_for_kids": "yes"}, ["options", "youtube", "made_for_kids"]),
    ("youtube", {"surprise": 1}, ["options", "youtube", "surprise"]),
]


@pytest.mark.parametrize(("platform", "options", "place"), WRONG)
async def test_wrong_options_are_named_with_their_place(
    client: Client, platform: str, options: dict[str, Any], place: list[Any]
) -> None:
    destinations = await to(client, platform)
    body = {"post": "p", "destinations": destinations, "media_urls": [client.video]}
    assert ["body", *place] in [
        f["loc"] for f in await refused(client, {**body, "options": {platform: options}})
    ]
    destinations[0]["options"] = {platform: options}
    own = await refused(client, body)
    assert ["body", "destinations", 0, *place] in [fault["loc"] for fault in own]


async def test_options_of_another_platform_are_refused(client: Client) -> None:
    destinations = await to(client, "linkedin")
    destinations[0]["options"] = {"x": {"made_with_ai": True}}
    [fault] = await refused(client, {"post": "p", "destinations": destinations})
    assert fault["loc"] == ["body", "destinations", 0, "options", "x"]


async def test_options_are_typed_and_described_in_the_document(client: Client) -> None:
    schemas = (await document(client))["components"]["schemas"]
    every = schemas["PlatformOptions"]["properties"]
    assert list(every) == NETWORKS
    kinds: set[str] = set()
    for platform, value in every.items():
        assert value["description"]
        [name] = [
            option["$ref"].rpartition("/")[2] for option in value.get("oneOf", [value]) if "$ref" in option
        ]
        for field, shape in schemas[name]["properties"].items():
            assert shape["description"], (platform, field)
            assert {"type", "enum", "oneOf", "anyOf", "$ref"} & set(shape), (platform, field, shape)
            kinds.add(field)
    asked = {"title", "privacy", "tags", "made_for_kids", "thumbnail_url", "own_brand", "allow_comments"}
    asked |= {"kind", "collaborators", "visibility", "reply_settings", "made_with_ai", "link"}
    assert asked <= kinds
    assert "following" in str(schemas["XOptions"])


# ---- every kind of post, and its numbers ----

KINDS: list[tuple[str, str, dict[str, Any], str]] = [
    ("x", "picture", {}, "photo"),
    ("x", "pictures", {}, "photo"),
    ("linkedin", "picture", {}, "photo"),
    ("linkedin", "pictures", {}, "carousel"),
    ("instagram", "picture", {}, "photo"),
    ("instagram", "pictures", {}, "carousel"),
    ("instagram", "film", {}, "reel"),
    ("instagram", "picture", {"kind": "story"}, "story"),
    ("instagram", "film", {"kind": "story"}, "story"),
    ("facebook", "picture", {}, "photo"),
    ("facebook", "pictures", {}, "carousel"),
    ("facebook", "film", {"kind": "reel"}, "reel"),
    ("facebook", "link", {"link": "https://example.org/news"}, "text"),
    ("tiktok", "pictures", {"privacy": "PUBLIC_TO_EVERYONE"}, "photo"),
]


def media_of(client: Client, what: str) -> list[str]:
    return {
        "picture": pictures(client, 1),
        "pictures": pictures(client, 3),
        "film": [upright(client)],
        "link": [],
    }[what]


@pytest.mark.parametrize(("platform", "what", "options", "kind"), KINDS)
async def test_every_kind_goes_out_and_its_numbers_come_back(
    client: Client, platform: str, what: str, options: dict[str, Any], kind: str
) -> None:
    media = media_of(client, what)
    text = "" if kind == "story" else unique("of a kind")
    more = {"options": {platform: options}} if options else {}
    view, post = await out(client, platform, media, post=text, **more)
    assert post.kind == kind
    assert view["thumbnail_url"] == (media[0] if what.startswith("picture") else None)
    await client.advance(3 * 3600)
    told, facts = entry(await client.analytics(view["post_id"], refresh="true"), platform)
    assert facts["error"] is None, facts
    assert told["platform_post_id"] == post.id
    numbers = {name: value for name, value in told["metrics"].items() if value is not None}
    assert numbers, facts
    if what in ("picture", "pictures", "link"):
        for name in ("video_views", "video_watch_time_ms"):
            assert told["metrics"][name] is None
            assert facts["missing"][name] in ("not_applicable", "unsupported"), (name, facts["missing"])
    elif kind == "reel":
        assert told["metrics"]["video_views"] is not None, facts
