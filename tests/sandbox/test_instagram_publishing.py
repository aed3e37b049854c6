"""The simulated Instagram: containers of every form, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from sextant.sandbox.facebook import NETWORK as FACEBOOK
from sextant.sandbox.instagram import ACCOUNT_ID as IG
from sextant.sandbox.instagram import NETWORK
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Account, World
from tests.sandbox.graph_client import Answer, Client
from tests.sandbox.instagram_client import SCOPES, OwnLogin, container, status_of


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(World(), [NETWORK, FACEBOOK]) as sandbox:
        sandbox.world.processing_s = 60
        yield sandbox


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        client = Client(sandbox, session, "instagram")
        await client.connect(SCOPES)
        yield client


@pytest.fixture
async def own(sandbox: Sandbox) -> AsyncIterator[OwnLogin]:
    async with aiohttp.ClientSession() as session:
        own = OwnLogin(sandbox, session, "instagram")
        await own.connect()
        yield own


def media(client: Client, name: str, **made: float) -> str:
    query = f"?{urlencode(made)}" if made else ""
    return f"{client.sandbox.url}/_control/media/{name}{query}"


async def image(client: Client, **params: str) -> Answer:
    return await client.post(f"{IG}/media", **{"image_url": media(client, "sample.jpg"), **params})


async def item(client: Client, **params: str) -> str:
    made: str = (await image(client, is_carousel_item="true", **params)).body["id"]
    return made


async def publish(client: Client, container_id: str) -> Answer:
    return await client.post(f"{IG}/media_publish", creation_id=container_id)


async def out(client: Client, made: Answer) -> str:
    client.world.clock.advance(61)
    media_id: str = (await publish(client, made.body["id"])).body["id"]
    return media_id


# ---- forms ---------------------------------------------------------------------------------------


async def test_an_image_needs_a_short_wait(client: Client, own: OwnLogin) -> None:
    for each in (client, own):
        made = await image(each, caption=" Still ", alt_text="A square", is_ai_generated="true")
        assert (await publish(each, made.body["id"])).code == (9007, 2207027)
        each.world.clock.advance(13)
        assert await status_of(each, made.body["id"]) == "FINISHED"
        fields = "caption,alt_text,media_type,media_product_type,is_ai_generated,permalink,shortcode"
        shown = (await each.get(await out(each, made), fields=fields)).body
        assert (shown["media_type"], shown["media_product_type"]) == ("IMAGE", "FEED")
        assert (shown["caption"], shown["alt_text"], shown["is_ai_generated"]) == ("Still", "A square", True)
        assert shown["permalink"] == f"https://www.instagram.com/p/{shown['shortcode']}/"


@pytest.mark.parametrize("source", ["image_url", "video_url"])
async def test_a_story_is_listed_for_a_day_and_not_among_the_media(client: Client, source: str) -> None:
    name = "sample.jpg" if source == "image_url" else "sample.mp4"
    made = await client.post(f"{IG}/media", media_type="STORIES", **{source: media(client, name)})
    story = await out(client, made)
    listed = await client.get(f"{IG}/stories", fields="media_type,media_product_type,permalink")
    kind = "IMAGE" if source == "image_url" else "VIDEO"
    link = f"https://www.instagram.com/stories/mosaic_so/{story}/"
    row = {"media_type": kind, "media_product_type": "STORY", "permalink": link, "id": story}
    assert listed.body["data"] == [row]
    assert (await client.get(f"{IG}/media")).body == {"data": []}
    client.world.clock.advance(24 * 3600)
    assert (await client.get(f"{IG}/stories")).body == {"data": []}


async def test_a_carousel_is_made_of_items_that_are_ready(client: Client) -> None:
    items = [await item(client), await item(client, alt_text="Two")]
    clip = await container(client, media_type="VIDEO", is_carousel_item="true")
    parts = {"media_type": "CAROUSEL", "children": ",".join([*items, clip.body["id"]])}
    client.world.clock.advance(30)
    assert (await client.post(f"{IG}/media", **parts)).code == (9007, 2207027)
    client.world.clock.advance(31)
    whole = await client.post(f"{IG}/media", caption="All", **parts)
    media_id = await out(client, whole)
    shown = (await client.get(media_id, fields="caption,media_type,media_product_type")).body
    assert (shown["caption"], shown["media_type"]) == ("All", "CAROUSEL_ALBUM")
    assert [post.kind for post in client.world.posts("instagram")] == ["carousel"]
    quota = await client.get(f"{IG}/content_publishing_limit")
    assert quota.body == {"data": [{"quota_usage": 1}]}


async def test_what_is_no_carousel(client: Client) -> None:
    one, plain = await item(client), (await image(client)).body["id"]
    client.world.clock.advance(61)

    async def carousel(*children: str) -> tuple[int, int | None]:
        return (await client.post(f"{IG}/media", media_type="CAROUSEL", children=",".join(children))).code

    assert await carousel(one) == (100, 2207028)
    assert await carousel(*[one] * 11) == (100, 2207028)
    assert await carousel(one, "1788999") == (24, 2207006)
    assert await carousel(one, plain) == (100, 2207028)
    assert (await publish(client, one)).code == (100, None)
    bad = await container(client, "sample.jpg", media_type="VIDEO", is_carousel_item="true")
    client.world.clock.advance(61)
    assert await carousel(one, bad.body["id"]) == (352, 2207026)
    client.world.clock.advance(24 * 3600)
    assert await carousel(one, one) == (-2, 2207020)
    reel = await container(client, is_carousel_item="true")
    assert reel.code == (100, 2207023)


# ---- parameters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"alt_text": "x" * 1001}, (100, None)),
        ({"collaborators": json.dumps(["a"] * 4)}, (100, None)),
        ({"collaborators": "a,b"}, (100, None)),
        ({"user_tags": json.dumps([{"username": "a"}] * 21)}, (100, 2207040)),
        ({"is_ai_generated": "perhaps"}, (100, None)),
        ({"share_to_feed": "true"}, (100, None)),
        ({"video_url": "https://example.org/a.mp4"}, (100, None)),
        ({"upload_type": "resumable"}, (100, None)),
        ({"captoin": "Hello"}, (100, None)),
        ({"media_type": "GIF"}, (100, 2207023)),
        ({"media_type": "STORIES", "caption": "Hello"}, (100, None)),
        ({"is_carousel_item": "true", "caption": "Hello"}, (100, None)),
    ],
)
async def test_parameters_of_an_image(client: Client, params: dict[str, str], code: tuple[int, None]) -> None:
    assert (await image(client, **params)).code == code
    assert (await image(client, alt_text="x" * 1000, collaborators='["a","b","c"]')).status == 200


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"thumb_offset": "-1"}, (1, 2207057)),
        ({"trial_params": '{"graduation_strategy":"NEVER"}'}, (100, None)),
        ({"upload_type": "resumable"}, (100, None)),
        ({"cover_url": "https://example.org/a.jpg"}, (9004, 2207052)),
        ({"alt_text": "A reel"}, (100, None)),
    ],
)
async def test_parameters_of_a_reel(client: Client, params: dict[str, str], code: tuple[int, None]) -> None:
    assert (await container(client, **params)).code == code


async def test_a_cover_after_the_end_fails_in_processing(client: Client) -> None:
    late, within = [await container(client, thumb_offset=offset) for offset in ("5001", "5000")]
    client.world.clock.advance(61)
    assert await status_of(client, within.body["id"]) == "FINISHED"
    assert await status_of(client, late.body["id"]) == "ERROR"
    assert (await publish(client, late.body["id"])).code == (1, 2207057)


# ---- content -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"width": 800, "height": 1000}, None),
        ({"width": 780, "height": 1000}, (36003, 2207009)),
        ({"width": 1910, "height": 1000}, None),
        ({"width": 1930, "height": 1000}, (36003, 2207009)),
        ({"width": 800, "height": 800, "bytes": 8_000_000}, None),
        ({"width": 800, "height": 800, "bytes": 8_000_001}, (36000, 2207004)),
    ],
)
async def test_images_are_measured(
    client: Client, made: dict[str, int], code: tuple[int, int] | None
) -> None:
    answer = await image(client, image_url=media(client, "made.jpg", **made))
    assert (answer.code if answer.status != 200 else None) == code


async def test_other_pictures_and_the_screen_of_a_story(client: Client) -> None:
    png = media(client, "made.png", width=800, height=800)
    assert (await image(client, image_url=png)).code == (36001, 2207005)
    assert (await image(client, image_url=media(client, "sample.mp4"))).code == (36001, 2207005)
    assert (await image(client, image_url="https://example.org/a.jpg")).code == (9004, 2207052)
    tall = media(client, "made.jpg", width=1080, height=1920)
    assert (await image(client, image_url=tall, media_type="STORIES")).status == 200
    assert (await image(client, image_url=tall)).code == (36003, 2207009)


@pytest.mark.parametrize(
    ("kind", "made", "good"),
    [
        ("REELS", {"seconds": 3}, True),
        ("REELS", {"seconds": 2.9}, False),
        ("REELS", {"seconds": 900, "fps": 23}, True),
        ("REELS", {"seconds": 901, "fps": 23}, False),
        ("REELS", {"width": 1920}, True),
        ("REELS", {"width": 1921}, False),
        ("REELS", {"fps": 60}, True),
        ("REELS", {"fps": 61}, False),
        ("REELS", {"fps": 22}, False),
        ("REELS", {"seconds": 10, "bytes": 31_250_000}, True),
        ("REELS", {"seconds": 10, "bytes": 31_300_000}, False),
        ("STORIES", {"seconds": 60}, True),
        ("STORIES", {"seconds": 61}, False),
        ("STORIES", {"seconds": 60, "bytes": 100_000_000}, True),
        ("STORIES", {"seconds": 60, "bytes": 100_000_001}, False),
    ],
)
async def test_videos_are_measured(client: Client, kind: str, made: dict[str, float], good: bool) -> None:
    name = "made.mov" if kind == "REELS" else "made.mp4"
    answer = await client.post(f"{IG}/media", media_type=kind, video_url=media(client, name, **made))
    client.world.clock.advance(61)
    found = (await client.get(answer.body["id"], fields="status_code,status")).body
    assert found["status_code"] == ("FINISHED" if good else "ERROR")
    assert ("2207026" in found["status"]) is not good


# ---- bytes, foreign and lost containers, numbers of them -------------------------------------------


async def test_bytes_are_taken_once_and_from_their_owner(client: Client, own: OwnLogin) -> None:
    made = await client.post(f"{IG}/media", media_type="STORIES", upload_type="resumable")
    url = {"file_url": media(client, "sample.mp4")}
    assert (await client.send("POST", made.body["uri"], headers=url)).code[0] == 104
    signed = {"Authorization": f"OAuth {own.token}", **url}
    unknown = made.body["uri"].replace(made.body["id"], "1788999")
    assert (await client.send("POST", unknown, headers=signed)).code == (24, 2207006)
    assert (await client.send("POST", made.body["uri"], headers=signed)).body["success"] is True
    assert (await client.send("POST", made.body["uri"], headers=signed)).code == (100, None)
    late = await client.post(f"{IG}/media", media_type="REELS", upload_type="resumable")
    client.world.clock.advance(24 * 3600 + 1)
    assert (await client.send("POST", late.body["uri"], headers=signed)).code == (-2, 2207020)


async def test_a_foreign_container_is_not_found(client: Client) -> None:
    made = await image(client)
    client.world.clock.advance(61)
    facts = {"instagram": {"id": "2"}, "page": {"id": "3"}}
    client.world.add_account(Account("instagram", "1", "other", "Other", facts=facts))
    foreign = client.world.uploads[f"instagram:{made.body['id']}"]
    foreign.account_id = "1"
    assert (await publish(client, made.body["id"])).code == (24, 2207006)
    assert (await client.get(made.body["id"], fields="status_code")).status == 400


async def test_400_containers_a_day(client: Client) -> None:
    client.world.accounts("instagram")[0].tier = "1"
    for _ in range(8):
        assert (await image(client)).status == 200
    assert (await image(client)).code == (9, 2207042)
    client.world.clock.advance(24 * 3600)
    assert (await image(client)).status == 200


async def test_the_tier_is_the_quota(client: Client) -> None:
    client.world.accounts("instagram")[0].tier = "1"
    path = f"{IG}/content_publishing_limit"
    assert (await client.get(path, fields="config")).body["data"][0]["config"]["quota_total"] == 1
    await out(client, await image(client))
    made = await image(client)
    client.world.clock.advance(61)
    assert (await publish(client, made.body["id"])).code == (9, 2207042)
    too_old = str(int(client.world.now()) - 86400 - 60)
    assert (await client.get(path, since=too_old)).code == (100, None)
    recent = str(int(client.world.now()) + 1)
    assert (await client.get(path, since=recent)).body == {"data": [{"quota_usage": 0}]}


async def test_a_published_container_is_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    async with aiohttp.ClientSession() as session:
        async with Sandbox(World(path=path), [NETWORK, FACEBOOK]) as sandbox:
            client = Client(sandbox, session, "instagram")
            await client.connect(SCOPES)
            made, unpublished = await image(client), await image(client)
            await out(client, made)
        async with Sandbox(World(path=path), [NETWORK, FACEBOOK]) as sandbox:
            again = Client(sandbox, session, "instagram")
            again.token = client.token
            assert await status_of(again, made.body["id"]) == "PUBLISHED"
            assert (await publish(again, made.body["id"])).code == (24, 2207006)
            assert (await again.get(unpublished.body["id"], fields="status_code")).code == (100, 33)


async def test_what_cannot_be_deleted(client: Client) -> None:
    media_id = await out(client, await image(client))
    next(client.world.posts("instagram")).facts["undeletable"] = True
    refused = await client.ask("DELETE", media_id)
    assert (refused.code, refused.body["error"]["is_transient"]) == ((-1, 2207073), False)
