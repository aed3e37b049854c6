"""X: finding a post whose answer was lost, among the account's own."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sextant.errors import FixContent, OutcomeUnknown
from sextant.platforms.base import Account, Checkpoint, Draft, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.x import PLATFORM
from sextant.platforms.x.text import cashtags, same_text, weighted_length
from sextant.sandbox.x.text import shown as show
from tests.platforms.adapters import NOW, calling, steps, steps_until_fault, text_draft
from tests.wire import Scripted

ACCOUNT = Account("2244994945", "X Developers", "user", "XDevelopers")
TWEETS = "/api.x.com/2/tweets"
TIMELINE = "/api.x.com/2/users/2244994945/tweets"
EMPTY = {"meta": {"result_count": 0}}
DUPLICATE = {
    "detail": "You are not allowed to create a Tweet with duplicate content.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}
SINCE = NOW - timedelta(days=3)


def ready(seconds=-60, **state):
    """Announced so many seconds after NOW."""
    at = int((NOW + timedelta(seconds=seconds)).timestamp())
    return Checkpoint("ready", {"announced_at": str(at), **state}, announces=True)


VIDEO = ready(media_ids="77", kind="video")


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, ACCOUNT, Grant("token-1")) as call:
        yield call


def shown(post_id, text, seconds=-50, **more):
    at = (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"id": post_id, "text": text, "created_at": at, **more}


def links(**expanded):
    return {
        "urls": [{"url": f"https://t.co/{short}", "expanded_url": link} for short, link in expanded.items()]
    }


async def find(call, draft, done=None, since=SINCE):
    return await PLATFORM.find_published(call, draft, done or ready(), since)


async def test_found_by_its_words(peer, call):
    mine = text_draft("Tom & Jerry: see https://example.com/a and foo.bar 😀")
    listed = [
        shown("3", "something else"),
        shown("2", "Tom &amp; Jerry: see https://t.co/abc and https://t.co/def 😀", seconds=-55),
    ]
    peer.on("GET", TIMELINE, {"data": listed, "meta": {"result_count": 2}})
    found = await find(call, mine)
    at = NOW - timedelta(seconds=55)
    assert found == Published("2", Kind.TEXT, "https://x.com/XDevelopers/status/2", at)
    assert peer.asked[0].query["start_time"] == "2026-09-01T11:54:00Z"
    assert peer.asked[0].query["post.fields"] == "created_at,attachments,entities,note_post"
    assert call.wire.clock.slept == []


@pytest.mark.parametrize(
    ("mine", "behind", "found"),
    [
        ("See https://example.com/a", "https://example.com/a", True),
        ("See https://example.com/a", "https://example.com/b", False),
        ("See https://example.com/a", "https://example.com/A", False),
        ("https://example.com/a", "https://example.com/a", True),
        ("https://example.com/a", "https://example.com/b", False),
        ("foo.bar", "http://foo.bar", True),
        ("https://Example.com/", "https://example.com", True),
        ("https://example.newdomain/a", "https://example.newdomain/a", True),
        ("https://example.newdomain/a", "https://example.newdomain/b", False),
        ("https://example.com/%C3%A9", "https://example.com/é", True),
        ("See https://example.com/a https://example.com/a", "https://example.com/a", False),
    ],
)
async def test_links_are_told_apart_by_what_is_behind_them(peer, call, mine, behind, found):
    words = "See https://t.co/abc" if mine.startswith("See") else "https://t.co/abc"
    peer.on("GET", TIMELINE, {"data": [shown("1", words, entities=links(abc=behind))]})
    assert (await find(call, text_draft(mine)) is not None) is found


async def test_nothing_but_a_link_that_is_not_shown_cannot_be_told(peer, call):
    peer.on("GET", TIMELINE, {"data": [shown("1", "https://t.co/abc")]})
    with pytest.raises(OutcomeUnknown):
        await find(call, text_draft("https://example.com/a"))


@pytest.mark.parametrize("note", ["note_post", "note_tweet"])
async def test_a_long_text_is_found_by_its_note(peer, call, note):
    text = "word " * 100 + "https://example.com/a"
    whole = {"text": "word " * 100 + "https://t.co/x", "entities": links(x="https://example.com/a")}
    other = {"text": "word " * 100 + "other"}
    listed = [shown("1", "word word…", **{note: other}), shown("2", "word word…", **{note: whole})]
    peer.on("GET", TIMELINE, {"data": listed})
    assert (await find(call, text_draft(text))).id == "2"


async def test_media_are_found_by_their_ids_alone(peer, call):
    other = shown("4", "A clip https://t.co/x", attachments={"media_keys": ["13_1"]})
    mine = shown("5", "whatever", attachments={"media_keys": ["13_77"]})
    peer.on("GET", TIMELINE, {"data": [other, mine]})
    found = await find(call, Draft("draft-1", "A clip", (), Kind.TEXT), VIDEO)
    assert (found.id, found.kind) == ("5", Kind.VIDEO)


async def test_a_text_is_no_post_with_media(peer, call):
    listed = [shown("4", "hi", attachments={"media_keys": ["3_1"]})]
    peer.on("GET", TIMELINE, {"data": listed})
    assert await find(call, text_draft("hi")) is None


async def test_a_taken_post_is_another_one(peer, call):
    peer.on("GET", TIMELINE, {"data": [shown("2", "hi"), shown("1", "hi")]})
    draft = text_draft("hi")
    assert (await find(call, replace(draft, taken=frozenset({"2"})))).id == "1"
    assert await find(call, replace(draft, taken=frozenset({"1", "2"}))) is None


async def test_a_taken_post_with_nothing_but_a_link_leaves_no_doubt(peer, call):
    peer.on("GET", TIMELINE, {"data": [shown("1", "https://t.co/abc")]})
    draft = replace(text_draft("https://example.com/a"), taken=frozenset({"1"}))
    assert await find(call, draft) is None


async def test_the_same_words_long_before_are_another_post(peer, call):
    peer.on("GET", TIMELINE, {"data": [shown("1", "hi", seconds=-361)]})
    assert await find(call, text_draft("hi")) is None
    peer.on("GET", TIMELINE, {"data": [shown("1", "hi", seconds=-361)]})
    assert (await find(call, text_draft("hi"), ready(-61))).id == "1"


async def test_surely_absent_only_once_it_has_settled(peer, call):
    peer.on("GET", TIMELINE, {"data": [shown("2", "hi there")]})
    assert await find(call, text_draft("hi"), ready(-10)) is None
    assert call.wire.clock.slept == [20.0]
    assert len(peer.asked) == 2
    assert await find(call, text_draft("hi"), ready(-30)) is None
    assert len(peer.asked) == 3


async def test_listed_late(peer, call):
    peer.on("GET", TIMELINE, EMPTY)
    peer.on("GET", TIMELINE, {"data": [shown("2", "hi")]})
    assert (await find(call, text_draft("hi"), ready(0))).id == "2"
    assert call.wire.clock.slept == [30.0]


async def test_every_page_is_looked_at(peer, call):
    page = [shown(str(n), f"other {n}") for n in range(100)]
    peer.on("GET", TIMELINE, {"data": page, "meta": {"result_count": 100, "next_token": "t1"}})
    peer.on("GET", TIMELINE, {"data": [shown("200", "hi")], "meta": {"result_count": 1}})
    assert (await find(call, text_draft("hi"))).id == "200"
    assert [asked.query.get("pagination_token") for asked in peer.asked] == [None, "t1"]


@pytest.mark.parametrize(
    "page",
    [
        {"errors": [{"type": "https://api.x.com/2/problems/internal-error"}]},
        {"data": [shown("1", "other")], "errors": [{"title": "x"}]},
        {"data": [{"id": "1", "text": "hi"}]},
        {},
    ],
)
async def test_a_listing_that_lacks_something_proves_nothing(peer, call, page):
    peer.on("GET", TIMELINE, page)
    with pytest.raises(OutcomeUnknown):
        await find(call, text_draft("hi"))


# ---- refused as a duplicate after a lost answer ----------------------------------------------------


async def test_the_first_attempt_is_looked_up(peer, call):
    peer.on("POST", TWEETS, DUPLICATE, 403)
    peer.on("GET", TIMELINE, EMPTY)
    peer.on("GET", TIMELINE, {"data": [shown("8", "again")]})
    (posted,) = await steps(call, text_draft("again"), ready())
    assert posted.published.id == "8"
    assert call.wire.clock.slept == [2.0, 8.0]


async def test_the_same_text_in_another_post_of_ours_is_for_the_author(peer, call):
    peer.on("POST", TWEETS, DUPLICATE, 403)
    peer.on("GET", TIMELINE, {"data": [shown("8", "again")]})
    draft = replace(text_draft("again"), taken=frozenset({"8"}))
    reached, fault = await steps_until_fault(call, draft, FixContent, ready())
    assert reached == []
    assert "duplicate content" in fault.message


async def test_the_same_text_beside_other_media_is_for_the_author(peer, call):
    peer.on("POST", TWEETS, DUPLICATE, 403)
    row = shown(
        "8",
        "again https://t.co/m",
        attachments={"media_keys": ["3_1"]},
        entities=links(m="https://x.com/XDevelopers/status/8/photo/1"),
    )
    peer.on("GET", TIMELINE, {"data": [row]})
    await steps_until_fault(call, Draft("draft-1", "again", (), Kind.VIDEO), FixContent, VIDEO)


async def test_a_first_attempt_that_is_not_listed_stays_unknown(peer, call):
    peer.on("POST", TWEETS, DUPLICATE, 403)
    peer.on("GET", TIMELINE, EMPTY)
    await steps_until_fault(call, text_draft("again"), OutcomeUnknown, ready())
    assert call.wire.clock.slept == [2.0, 8.0, 20.0]


# ---- texts as X changes them -----------------------------------------------------------------------

PIECES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\ufffe\uffff"), max_size=12),
    st.sampled_from(
        [" ", "\n", "&amp;", "<b>", "foo.bar", "https://example.com/a?b=1&c=2", "http://Ex.com/", "/", "t.co"]
    ),
)


@given(st.lists(PIECES, min_size=1, max_size=8).map("".join).filter(str.strip))
@example("https://example.com/%26amp;")
@example("https://t.co/abc")
@example("À0.AL")
@example("%41.al")
@example("À.AL～.AL/")
@example("foo.comと日本.jp/x")
def test_whatever_the_text_it_is_known_again(text):
    changed, urls = show(text, "77", "https://x.com/XDevelopers/status/77/photo/1")
    post = {"id": "77", "text": changed, "entities": {"urls": urls}}
    assert same_text(text, post) is True
    assert same_text(f"{text} more", post) is False
    assert same_text("other", post) is (text.strip() == "other")


# ---- text as X counts it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("hello", 5),
        ("wait…", 6),
        ("日本", 4),
        ("foo.bar", 23),
        ("x.com/y", 23),
        ("👨‍👩‍👧‍👦", 2),
        ("👍🏽", 2),
        ("🇫🇷", 2),
        ("e\u0301", 1),
        ("", 0),
    ],
)
def test_weighted_length(text, weight):
    assert weighted_length(text) == weight


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$AAPL", 1),
        ("buy $AAPL, $tsla and $BRK.B!", 3),
        ("costs $5 or US$AAPL", 0),
        ("$TOOLONGTAG", 0),
        ("($AAPL)", 0),
    ],
)
def test_cashtags(text, number):
    assert cashtags(text) == number
