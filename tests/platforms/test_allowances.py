"""What networks allow: windows over clock changes, numbers held against the documents, what reads spend."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant.http import AccountCall
from sextant.platforms import PLATFORMS
from sextant.platforms.allowances import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    Measured,
    TellsUsage,
    Window,
    price_of,
    spending,
)
from sextant.platforms.base import Deletes, Draft, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.youtube.options import YouTubeOptions
from sextant.platforms.youtube.quota import DAY as PACIFIC
from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.calls import call_for, connect
from tests.platforms.adapters import steps
from tests.platforms.scene import Clip
from tests.platforms.youtube_files import picture, video

QUARTER = Window(900, rolling=True)
WINDOWS = (MINUTE, QUARTER, HOUR, DAY, PACIFIC, MONTH, Window(7 * 86_400), Window(86_400, "Asia/Kolkata"))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ---- windows ---------------------------------------------------------------------------------------


def test_a_day_of_youtube_begins_at_midnight_pacific() -> None:
    assert PACIFIC.begin(at("2026-09-01T06:59:59")) == at("2026-08-31T07:00")
    assert PACIFIC.begin(at("2026-09-01T07:00")) == at("2026-09-01T07:00")
    assert PACIFIC.end(at("2026-09-01T07:00")) == at("2026-09-02T07:00")


@pytest.mark.parametrize(
    ("inside", "begin", "end", "hours"),
    [
        ("2026-03-07T20:00", "2026-03-07T08:00", "2026-03-08T08:00", 24),
        ("2026-03-08T20:00", "2026-03-08T08:00", "2026-03-09T07:00", 23),
        ("2026-03-09T20:00", "2026-03-09T07:00", "2026-03-10T07:00", 24),
        ("2026-10-31T20:00", "2026-10-31T07:00", "2026-11-01T07:00", 24),
        ("2026-11-01T20:00", "2026-11-01T07:00", "2026-11-02T08:00", 25),
        ("2026-11-02T20:00", "2026-11-02T08:00", "2026-11-03T08:00", 24),
    ],
)
def test_days_of_23_and_25_hours(inside: str, begin: str, end: str, hours: int) -> None:
    """Clocks in California go forward on 2026-03-08 and back on 2026-11-01."""
    assert PACIFIC.begin(at(inside)) == at(begin)
    assert PACIFIC.end(at(inside)) == at(end)
    assert PACIFIC.end(at(inside)) - PACIFIC.begin(at(inside)) == timedelta(hours=hours)


def test_the_hour_that_comes_twice_lies_in_one_day() -> None:
    for moment in ("2026-11-01T08:30", "2026-11-01T09:30"):
        assert PACIFIC.begin(at(moment)) == at("2026-11-01T07:00")


def test_spans_of_seconds_are_counted_in_utc() -> None:
    assert QUARTER.begin(at("2026-09-01T12:44:59.999999")) == at("2026-09-01T12:30")
    assert QUARTER.end(at("2026-09-01T12:44:59.999999")) == at("2026-09-01T12:45")
    assert QUARTER.before(at("2026-09-01T00:01")) == at("2026-08-31T23:45")
    assert MINUTE.end(at("2026-12-31T23:59:30")) == at("2027-01-01")


@pytest.mark.parametrize(
    ("inside", "begin", "end"),
    [
        ("2026-01-31T23:59:59", "2026-01-01", "2026-02-01"),
        ("2026-02-28T12:00", "2026-02-01", "2026-03-01"),
        ("2028-02-29T12:00", "2028-02-01", "2028-03-01"),
        ("2026-04-30T23:00", "2026-04-01", "2026-05-01"),
        ("2026-12-31T00:00", "2026-12-01", "2027-01-01"),
    ],
)
def test_a_month_is_the_calendars(inside: str, begin: str, end: str) -> None:
    assert (MONTH.begin(at(inside)), MONTH.end(at(inside))) == (at(begin), at(end))


def test_the_window_before_a_month() -> None:
    assert MONTH.before(at("2026-03-31T12:00")) == at("2026-02-01")
    assert PACIFIC.before(at("2026-11-02T20:00")) == at("2026-11-01T07:00")


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@given(moment=MOMENTS)
def test_every_moment_lies_in_one_window(window: Window, moment: datetime) -> None:
    begin, end = window.begin(moment), window.end(moment)
    assert begin <= moment < end
    assert begin.tzinfo is UTC
    assert end.tzinfo is UTC
    assert end - begin <= timedelta(seconds=window.seconds + 3600)
    last = end - timedelta(microseconds=1)
    assert (window.begin(begin), window.end(last)) == (begin, end)
    assert window.begin(end) == end
    assert window.end(window.before(moment)) == begin


@given(moment=MOMENTS, later_s=st.floats(0, QUARTER.seconds, exclude_max=True))
def test_a_rolling_span_lies_in_two_windows_at_most(moment: datetime, later_s: float) -> None:
    later = moment + timedelta(seconds=later_s)
    assert QUARTER.begin(moment) in (QUARTER.begin(later), QUARTER.before(later))


# ---- the documents ---------------------------------------------------------------------------------

DOCUMENTED: Mapping[str, Mapping[str, tuple[str, int, int | None]]] = {
    "x": {
        "lookups_per_15_minutes": ("app", 900, 3_500),
        "account_lookups_per_15_minutes": ("account", 900, 5_000),
        "posts_per_day": ("app", 86_400, None),
        "posts_per_month": ("app", 2_678_400, 3_000_000),
    },
    "linkedin": {
        "calls_per_day": ("app", 86_400, None),
        "account_calls_per_day": ("account", 86_400, None),
        "development_calls_per_day": ("app", 86_400, 500),
        "development_account_calls_per_day": ("account", 86_400, 100),
    },
    "instagram": {
        "calls_per_hour": ("account", 3600, None),
        "calls_per_day": ("account", 86_400, None),
    },
    "facebook": {
        "calls_per_hour": ("account", 3600, None),
        "calls_per_day": ("account", 86_400, None),
    },
    "tiktok": {
        "queries_per_minute": ("app", 60, 600),
        "business_calls_per_second": ("app", 1, 10),
        "business_calls_per_minute": ("app", 60, 600),
        "business_calls_per_day": ("app", 86_400, 864_000),
    },
    "youtube": {
        "stats_per_day": ("app", 86_400, 10_000),
        "units_per_day": ("app", 86_400, 10_000),
        "reports_per_day": ("app", 86_400, None),
    },
}
"""Section 4 of each document: by app or account, seconds, and how many."""


@pytest.mark.parametrize("name", list(PLATFORMS))
def test_allowances_are_the_documents(name: str) -> None:
    platform = PLATFORMS[name]
    assert isinstance(platform, Measured)
    assert platform.showing.batch == platform.limits.batch
    told = {a.name: (a.per, a.window.seconds, a.ceiling) for a in platform.allowances}
    assert told == DOCUMENTED[name]
    assert len(told) == len(platform.allowances), "a name is one allowance's"


def test_only_a_post_that_x_returns_has_a_price() -> None:
    for name, platform in PLATFORMS.items():
        assert isinstance(platform, Measured)
        assert price_of(platform.allowances) == (0.005 if name == "x" else 0.0)
        charged = {a.name for a in platform.allowances if a.charged_posts}
        assert charged == ({"posts_per_day", "posts_per_month"} if name == "x" else set())


def test_days_are_those_of_the_network() -> None:
    zones = {
        a.name: a.window.zone for p in PLATFORMS.values() if isinstance(p, Measured) for a in p.allowances
    }
    pacific = {name for name, zone in zones.items() if zone == "America/Los_Angeles"}
    assert pacific == {"stats_per_day", "units_per_day", "reports_per_day"}
    assert set(zones.values()) == {"UTC", "America/Los_Angeles"}


def test_what_is_counted_at_every_moment_says_so() -> None:
    rolling = {
        f"{name}.{a.name}"
        for name, p in PLATFORMS.items()
        if isinstance(p, Measured)
        for a in p.allowances
        if a.window.rolling
    }
    assert rolling == {
        "x.lookups_per_15_minutes",
        "x.account_lookups_per_15_minutes",
        "instagram.calls_per_hour",
        "instagram.calls_per_day",
        "facebook.calls_per_hour",
        "facebook.calls_per_day",
        "tiktok.queries_per_minute",
        "tiktok.business_calls_per_second",
        "tiktok.business_calls_per_minute",
    }


def test_who_tells_what_is_used_up() -> None:
    assert {n for n, p in PLATFORMS.items() if isinstance(p, TellsUsage)} == {"x", "instagram", "facebook"}


def test_spending_counts_once_or_more_often() -> None:
    assert spending() == {}
    platform = PLATFORMS["youtube"]
    assert isinstance(platform, Measured)
    assert spending(platform.allowances[1], times=50) == {"units_per_day": 50}


# ---- what reads spend ------------------------------------------------------------------------------

PAGE = "urn:li:organization:1337"
SHOWN: dict[str, Any] = {
    "snippet": {"title": "", "description": "", "tags": [], "categoryId": "22"},
    "status": {"privacyStatus": "public", "publishAt": None},
    "duration_s": 2,
    "invalid": False,
}
PUBLIC: dict[str, Any] = {"privacy": "PUBLIC_TO_EVERYONE", "public_at": 0.0, "duration": 2.0}


class Stage:
    """An account on a simulated network, its posts of ten days ago, and the requests that reading made."""

    def __init__(self, sandbox: Sandbox, call: AccountCall, owner: str) -> None:
        self.sandbox, self.call, self.owner = sandbox, call, owner
        self.made: list[Request] = []
        call.note = lambda noted: self.made.append(noted.request)

    def posts(self, pattern: str, kind: Kind, count: int, **facts: Any) -> list[Published]:
        world, network = self.sandbox.world, self.call.platform.name
        then = world.now() - 10 * 86_400.0
        ids = [pattern.format(n) for n in range(count)]
        author = facts.get("author", self.owner)
        for post_id in ids:
            told = {"publish_id": post_id, **facts}
            world.add_post(Post(network, post_id, author, kind.value, then, "", told))
        return [Published(post_id, kind, None, datetime.fromtimestamp(then, UTC)) for post_id in ids]

    async def spent(self, posts: Sequence[Published]) -> Counter[str]:
        """What reading them counts against, by name; every request of it has to say."""
        self.made.clear()
        readings = await self.call.platform.read(self.call, posts)
        assert [reading.id for reading in readings] == [post.id for post in posts]
        assert all(reading.fault is None for reading in readings)
        known = {
            name for name, _ in DOCUMENTED[self.call.platform.name].items() if not name.startswith("posts_")
        }
        assert all(request.spends and set(request.spends) <= known for request in self.made)
        return sum((Counter(request.spends) for request in self.made), Counter())


@asynccontextmanager
async def reading(name: str, login: str | None = None, kind: str | None = None) -> AsyncIterator[Stage]:
    platform, world = PLATFORMS[name], World()
    async with Sandbox(world, networks()) as sandbox:
        owner = world.accounts(name)[0]
        accounts, grant = await connect(platform, sandbox, owner.id, login)
        account = next(a for a in accounts if kind in (None, a.kind))
        call = call_for(platform, sandbox.url, account, account.grant or grant, world.clock, login)
        try:
            yield Stage(sandbox, call, owner.id)
        finally:
            await call.wire.close()


async def test_x_spends_a_lookup_for_public_and_one_for_private_numbers() -> None:
    async with reading("x") as stage:
        posts = stage.posts("185{:016d}", Kind.TEXT, 3)
        expected = {"lookups_per_15_minutes": 2, "account_lookups_per_15_minutes": 2}
        assert await stage.spent(posts) == expected


async def test_x_spends_a_lookup_for_each_time_that_it_asks() -> None:
    async with reading("x") as stage:
        posts = stage.posts("185{:016d}", Kind.TEXT, 1)
        stage.sandbox.world.withdrawn_metrics["x"] = {"bookmark_count"}
        spent = await stage.spent(posts)
        assert spent["lookups_per_15_minutes"] == len(stage.made) >= 2


@pytest.mark.parametrize(("login", "each"), [("facebook", 1), ("instagram", 3)])
async def test_instagram_spends_a_call_for_each_question(login: str, each: int) -> None:
    """With Facebook Login the questions of 3 media are one request."""
    async with reading("instagram", login) as stage:
        posts = stage.posts("1792{:013d}", Kind.REEL, 3)
        assert await stage.spent(posts) == {"calls_per_hour": 3, "calls_per_day": 3}
        assert len(stage.made) == each


async def test_facebook_spends_a_call_for_each_part_of_a_batch() -> None:
    async with reading("facebook") as stage:
        posts = stage.posts("100000000000001_9{:014d}", Kind.TEXT, 5)
        assert await stage.spent(posts) == {"calls_per_hour": 5, "calls_per_day": 5}
        assert len(stage.made) == 1


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("display", {"queries_per_minute": 1}),
        (
            "business",
            {
                "business_calls_per_second": 1,
                "business_calls_per_minute": 1,
                "business_calls_per_day": 1,
            },
        ),
    ],
)
async def test_tiktok_spends_by_the_api_of_the_login(login: str, expected: Mapping[str, int]) -> None:
    async with reading("tiktok", login) as stage:
        posts = stage.posts("73{:017d}", Kind.VIDEO, 3, **PUBLIC)
        assert await stage.spent(posts) == expected


async def test_youtube_spends_a_call_for_counts_and_a_report() -> None:
    async with reading("youtube") as stage:
        posts = stage.posts("v{:010d}", Kind.VIDEO, 60, **SHOWN)
        assert await stage.spent(posts) == {"stats_per_day": 2, "reports_per_day": 1}


async def test_youtube_spends_units_where_its_counts_come_from_the_list() -> None:
    async with reading("youtube") as stage:
        posts = stage.posts("v{:010d}", Kind.VIDEO, 60, **SHOWN)
        scope = ("youtube", stage.call.account.id, "videos", stage.call.app.api_version)
        stage.call.withdrawn.add(scope, "batchGetStats", "not for this project", stage.call.now)
        assert await stage.spent(posts) == {"units_per_day": 2, "reports_per_day": 1}


async def test_youtube_counts_the_units_of_publishing_and_deleting(tmp_path: Path) -> None:
    """youtube.md §4: looks 1, thumbnails and deleting 50, opening an upload none of these units."""
    async with reading("youtube") as stage:
        stage.sandbox.world.clock.run_at(20)
        extra = {"thumbnail_url": picture(tmp_path / "thumb.jpg")}
        clip = video(tmp_path / "clip.mp4")
        options = YouTubeOptions(thumbnail_url=extra["thumbnail_url"].url)
        draft = Draft("draft-1", "A clip", (clip,), Kind.VIDEO, options, extra)
        post = (await steps(stage.call, draft))[-1].published
        assert post is not None
        assert post.note is None
        platform = stage.call.platform
        assert isinstance(platform, Deletes)
        await platform.delete(stage.call, post)
        spent = {(r.method, urlsplit(r.url).path): dict(r.spends) for r in stage.made if r.spends}
        assert spent == {
            ("GET", "/youtube/v3/videos"): {"units_per_day": 1},
            ("POST", "/upload/youtube/v3/thumbnails/set"): {"units_per_day": 50},
            ("DELETE", "/youtube/v3/videos"): {"units_per_day": 50},
        }


async def test_linkedin_counts_the_calls_of_a_page() -> None:
    async with reading("linkedin", kind="organization") as stage:
        posts = stage.posts("urn:li:share:71{:017d}", Kind.TEXT, 3, author=PAGE)
        posts += stage.posts("urn:li:ugcPost:72{:017d}", Kind.TEXT, 2, author=PAGE)
        assert await stage.spent(posts) == {"calls_per_day": 2, "account_calls_per_day": 2}


async def test_linkedin_counts_each_figure_of_a_pages_videos() -> None:
    async with reading("linkedin", kind="organization") as stage:
        posts = stage.posts("urn:li:ugcPost:72{:017d}", Kind.VIDEO, 2, author=PAGE)
        assert await stage.spent(posts) == {"calls_per_day": 2 + 6, "account_calls_per_day": 2 + 6}


async def test_linkedin_counts_the_calls_of_a_member() -> None:
    async with reading("linkedin", kind="member") as stage:
        author = "urn:li:person:782bbtaQ"
        posts = stage.posts("urn:li:share:71{:017d}", Kind.TEXT, 2, author=author)
        assert await stage.spent(posts) == {"calls_per_day": 12, "account_calls_per_day": 12}


async def test_linkedin_counts_the_development_tiers_calls_once_it_is_seen() -> None:
    async with reading("linkedin", kind="organization") as stage:
        owner = stage.sandbox.world.account("linkedin", stage.owner)
        assert owner is not None
        owner.tier = "development"
        posts = stage.posts("urn:li:share:71{:017d}", Kind.TEXT, 3, author=PAGE)
        first = await stage.spent(posts)
        assert first["calls_per_day"] == len(stage.made) == 5, "statistics, the refused batch, three posts"
        assert first["development_calls_per_day"] == 2, "two posts, after the first had told"
        again = await stage.spent(posts)
        assert set(again.values()) == {4}, "all of them, against all four"
        assert set(again) == set(DOCUMENTED["linkedin"])


async def test_the_tier_is_the_apps_whichever_account_found_it_out() -> None:
    async with reading("linkedin", kind="organization") as stage:
        owner = stage.sandbox.world.account("linkedin", stage.owner)
        assert owner is not None
        owner.tier = "development"
        await stage.spent(stage.posts("urn:li:share:71{:017d}", Kind.TEXT, 1, author=PAGE))
        async with reading("linkedin", kind="member") as other:
            other.call.withdrawn = stage.call.withdrawn
            author = "urn:li:person:782bbtaQ"
            spent = await other.spent(other.posts("urn:li:share:71{:017d}", Kind.TEXT, 1, author=author))
            assert spent["development_account_calls_per_day"] == 6


@pytest.mark.parametrize(
    ("name", "login", "host", "expected"),
    [
        ("linkedin", None, "api.linkedin.com", {"calls_per_day": 1, "account_calls_per_day": 1}),
        (
            "tiktok",
            "business",
            "business-api.tiktok.com",
            {
                "business_calls_per_second": 1,
                "business_calls_per_minute": 1,
                "business_calls_per_day": 1,
            },
        ),
    ],
)
async def test_publishing_is_counted_where_every_call_of_an_app_is(
    name: str, login: str | None, host: str, expected: Mapping[str, int]
) -> None:
    async with reading(name, login) as stage:
        stage.sandbox.world.clock.run_at(20)
        draft = Draft("draft-1", "A clip", (Clip(stage.sandbox),), Kind.VIDEO)
        post = (await steps(stage.call, draft))[-1].published
        assert post is not None
        platform = stage.call.platform
        if isinstance(platform, Deletes):
            await platform.delete(stage.call, post)
        counted = [dict(r.spends) for r in stage.made if urlsplit(r.url).hostname == host]
        assert len(counted) >= 3
        assert counted == [expected] * len(counted)
        assert not any(r.spends for r in stage.made if urlsplit(r.url).hostname != host)
