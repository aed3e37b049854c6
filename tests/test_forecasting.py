"""The forecast: cases reckoned by hand, a slow plain rehearsal beside it, and samples beside the whole."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant.collecting.planning import Candidate, Growth, Subject, choose, due_at, is_free, worth
from sextant.forecasting.forecast import Cost, Expected, Terms, expected, forecast, month_end
from sextant.forecasting.metering import Spend
from sextant.forecasting.rehearsing import Posts
from sextant.forecasting.samples import Size, picks, sampled, shares, size_of
from sextant.platforms.allowances import DAY, HOUR, MONTH, Allowance, Window
from sextant.platforms.facebook.limits import SHOWING as FACEBOOK
from sextant.platforms.freshness import DAY_S, HOUR_S, Showing
from sextant.platforms.instagram.limits import SHOWING as INSTAGRAM
from sextant.platforms.linkedin.limits import SHOWING as LINKEDIN
from sextant.platforms.tiktok.limits import SHOWING as TIKTOK
from sextant.platforms.x.limits import SHOWING as X
from sextant.platforms.youtube.limits import SHOWING as YOUTUBE

NOW = datetime(2026, 11, 10, tzinfo=UTC)
T = NOW.timestamp()
DEAR, CHEAP = 1e9, 1e-9
HOURLY = Showing(batch=50, request=1, post=0, least_s=HOUR_S)
"""At a price of nothing a post is read each hour; where everything is too dear, each `most_s`."""
DAILY = Showing(batch=50, request=1, post=0, least_s=HOUR_S, most_s=DAY_S)
PAID = Showing(batch=100, request=0, post=1, billed_daily=True, least_s=HOUR_S)
POSTS_PER_DAY = Allowance("posts_per_day", "app", DAY, None, 0.005, charged_posts=True)


def old(read_at: float = T) -> Subject:
    return Subject(read_at - 30 * DAY_S, read_at)


def one(*subjects: Subject, price: float = CHEAP, account: str = "a") -> Posts:
    return Posts(account, subjects, price)


def over(days: float, terms: Terms, *posts: Posts, now: datetime = NOW) -> Expected:
    return expected(terms, posts, now, now + timedelta(days=days))


# ---- by hand ---------------------------------------------------------------------------------------


def test_one_post_read_each_hour() -> None:
    found = over(2, Terms(HOURLY, requests_per_batch=3), one(old()))
    assert found.cost == found.wanted == Cost(requests=47 * 3, readings=47)


def test_a_day_is_paid_for_once_however_often_a_post_is_read() -> None:
    found = over(3, Terms(PAID, [POSTS_PER_DAY]), one(old(T - HOUR_S)))
    assert (found.cost.readings, found.cost.charged) == (72, 3)
    assert found.cost.usd == pytest.approx(0.015)


def test_what_was_paid_before_the_forecast_is_not_paid_again() -> None:
    noon = NOW + timedelta(hours=12)
    found = over(0.5, Terms(PAID, [POSTS_PER_DAY]), one(old(T + 11 * HOUR_S)), now=noon)
    assert (found.cost.readings, found.cost.charged) == (12, 0)


def test_a_month_is_not_charged_twice_for_being_counted_by_day_and_by_month() -> None:
    by_month = Allowance("posts_per_month", "app", MONTH, None, 0.005, charged_posts=True)
    found = over(3, Terms(PAID, [POSTS_PER_DAY, by_month]), one(old(T - HOUR_S)))
    assert found.cost.usd == pytest.approx(0.015)
    assert {use.allowance.name: use.busiest for use in found.uses} == {
        "posts_per_day": 1,
        "posts_per_month": 3,
    }


def test_posts_of_an_account_share_a_batch_where_room_is_free() -> None:
    apart = old(), old(T - 12 * HOUR_S)
    shared = over(10.2, Terms(DAILY), one(*apart, price=DEAR)).cost
    assert (shared.requests, shared.readings) == (10, 20)
    single = Showing(batch=50, request=0, post=1, least_s=HOUR_S, most_s=DAY_S)
    alone = over(10.2, Terms(single), one(*apart, price=DEAR)).cost
    assert (alone.requests, alone.readings) == (20, 20)


def test_what_has_no_room_goes_into_another_batch() -> None:
    terms = Terms(Showing(batch=2, request=1, post=0, least_s=HOUR_S, most_s=DAY_S))
    found = over(10.2, terms, one(*[old() for _ in range(5)], price=DEAR)).cost
    assert (found.requests, found.readings) == (30, 50)


def test_accounts_do_not_share_a_batch() -> None:
    accounts = [one(old(), price=DEAR, account=name) for name in "abc"]
    found = over(10.2, Terms(DAILY), *accounts)
    assert found.cost == Cost(requests=30, readings=30)
    assert found.accounts == {name: Cost(requests=10, readings=10) for name in "abc"}


# ---- ceilings --------------------------------------------------------------------------------------


def ten() -> list[Posts]:
    return [one(old(), account=str(n)) for n in range(10)]


def test_a_ceiling_that_binds_says_from_when_on_and_is_never_passed() -> None:
    calls = Allowance("calls_per_day", "app", DAY, 100)
    found = over(3, Terms(HOURLY, [calls]), *ten())
    [use] = found.uses
    assert (found.cost.readings, found.wanted.readings) == (300, 710)
    assert (use.busiest, use.part, use.at) == (240, 2.4, NOW + timedelta(days=1))
    assert use.short_from == NOW + timedelta(hours=11)
    # The ten that wait at midnight go first on the second day: the hundredth call is at nine, not ten.
    assert use.longest_wait_s == 14 * HOUR_S


def test_a_ceiling_that_does_not_bind_says_how_near_it_is() -> None:
    calls = Allowance("calls_per_day", "app", DAY, 300)
    [use] = over(3, Terms(HOURLY, [calls]), *ten()).uses
    assert (use.part, use.short_from, use.longest_wait_s, use.is_short) == (0.8, None, 0.0, False)


def test_only_the_part_for_reading_by_plan_is_taken() -> None:
    calls = Allowance("calls_per_day", "app", DAY, 100)
    found = over(3, Terms(HOURLY, [calls], part=0.9), *ten())
    assert found.cost.readings == 270
    assert found.uses[0].part == 2.4


def test_what_was_spent_today_is_not_spent_again() -> None:
    calls = Allowance("calls_per_day", "app", DAY, 100)
    found = over(1, Terms(HOURLY, [calls], spent={("calls_per_day", ""): 70}), *ten())
    assert found.cost.readings == 30
    assert found.uses[0].busiest == 300


def test_money_that_is_short_leaves_posts_unread_and_is_never_passed() -> None:
    three = Allowance("usd_per_day", "app", DAY, 3, 0.005, charged_posts=True)
    found = over(2, Terms(PAID, [three]), one(*[old(T - HOUR_S) for _ in range(5)]))
    assert (found.cost.charged, found.wanted.charged) == (6, 10)
    assert found.cost.usd == pytest.approx(0.03)
    assert found.uses[0].short_from == NOW


def test_a_ceiling_of_nothing_reads_nothing() -> None:
    found = over(3, Terms(HOURLY, [Allowance("calls_per_day", "app", DAY, 0)]), *ten())
    assert found.cost == Cost()
    assert found.uses[0].longest_wait_s == 71 * HOUR_S


def test_a_batch_is_cut_to_what_is_left_where_each_post_counts() -> None:
    calls = Allowance("calls_per_day", "account", DAY, 7)
    by_post = Showing(batch=50, request=0, post=1, least_s=HOUR_S)
    found = over(2, Terms(by_post, [calls]), one(*[old(T - HOUR_S) for _ in range(5)]))
    assert found.cost.readings == 14


def test_where_each_account_has_an_allowance_the_one_that_takes_most_is_named() -> None:
    calls = Allowance("calls_per_hour", "account", Window(3600), 4)
    by_post = Showing(batch=50, request=0, post=1, least_s=HOUR_S)
    many = one(*[old() for _ in range(3)], account="many")
    [use] = over(1, Terms(by_post, [calls]), one(old()), many, one(old(), account="z")).uses
    assert (use.account, use.busiest, use.part) == ("many", 3, 0.75)


def test_a_network_that_counts_at_every_moment_is_given_two_windows() -> None:
    calls = Allowance("calls_per_hour", "account", HOUR, 3)
    found = over(1, Terms(HOURLY, [calls]), one(old()))
    assert (found.uses[0].busiest, found.uses[0].short_from) == (2, None)


def test_days_begin_where_the_network_is() -> None:
    pacific = Allowance("units_per_day", "app", Window(86_400, "America/Los_Angeles"), None)
    [use] = over(3, Terms(HOURLY, [pacific]), one(old())).uses
    assert use.at == NOW + timedelta(hours=8)
    assert (use.busiest, use.part) == (24, None)


def test_measured_spending_goes_before_the_usual() -> None:
    calls = Allowance("calls_per_day", "app", DAY, None)
    terms = Terms(HOURLY, [calls], spends={"calls_per_day": Spend(batch=1, post=2)})
    [use] = over(3, terms, one(old(), old())).uses
    assert use.busiest == 24 * 5


def test_what_is_wanted_is_reckoned_at_the_usual_price() -> None:
    dear = one(old(), price=DEAR)
    found = over(10.2, Terms(DAILY, usual_price=CHEAP), dear)
    assert (found.cost.readings, found.wanted.readings) == (10, 244)


# ---- beside a plain rehearsal ----------------------------------------------------------------------

showings = st.sampled_from((X, LINKEDIN, INSTAGRAM, FACEBOOK, TIKTOK, YOUTUBE))


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """Late numbers that came are known since when, or came before the first reading."""
    age, pace = draw(st.integers(60, int(60 * DAY_S))), draw(st.floats(0.05, 20))
    if draw(st.booleans()):
        return Subject(T - age, None, Growth(pace), draw(st.booleans()))
    read = draw(st.floats(0.3, 1)) * age
    if draw(st.booleans()):
        return Subject(T - age, T - age + read, Growth(pace), late_out=False)
    return Subject(T - age, T - age + read, Growth(pace, draw(st.none() | st.floats(0, read))))


def plain(showing: Showing, posts: Sequence[Subject], price: float, until: float) -> tuple[int, int, int]:
    """Requests, readings and charged: every post's due time reckoned anew for each batch."""
    posts, requests, readings, charged = list(posts), 0, 0, 0
    arrivals = [arrival(post, showing) for post in posts]
    dues = [due_at(post, showing, price) for post in posts]
    while (now := max(T, min(dues))) < until:
        near = sorted(range(len(posts)), key=dues.__getitem__)[: 2 * showing.batch]
        candidates = [
            Candidate(str(n), worth(posts[n], showing, now), dues[n] <= now)
            for n in near
            if dues[n] <= now
            or (
                (is_free(posts[n], showing, now) or showing.room_is_free)
                and now - (posts[n].read_at or posts[n].published_at) >= showing.least_s
            )
        ]
        riding = Showing(batch=showing.batch, request=1, post=0)
        batch = [int(chosen.id) for chosen in choose(candidates, showing.batch, riding)]
        requests, readings = requests + 1, readings + len(batch)
        charged += sum(not is_free(posts[n], showing, now) for n in batch)
        for n in batch:
            posts[n] = read(posts[n], now, arrivals[n], showing)
            dues[n] = due_at(posts[n], showing, price)
    return requests, readings, charged


def arrival(post: Subject, showing: Showing) -> float:
    seen = 0.0 if post.read_at is None else post.read_at - post.published_at
    if not showing.late or (post.read_at is not None and post.late_out):
        return 0.0
    return (
        (max(seen, showing.late_from_s) + showing.late_until_s) / 2 if seen < showing.late_until_s else 1e18
    )


def read(post: Subject, now: float, arrives: float, showing: Showing) -> Subject:
    age, growth = now - post.published_at, post.growth
    if post.read_at is not None and not post.late_out and age >= arrives:
        growth = growth.arrived(post.read_at - post.published_at, age, showing)
    return Subject(post.published_at, now, growth, age >= arrives)


@settings(max_examples=80)
@given(
    showings | st.sampled_from((replace(X, batch=2), replace(TIKTOK, batch=2), replace(YOUTUBE, batch=3))),
    st.lists(subjects(), min_size=1, max_size=9),
    st.sampled_from((300.0, 3000.0, 30000.0)),
)
def test_the_forecast_is_what_a_plain_rehearsal_finds(
    showing: Showing, posts: list[Subject], price: float
) -> None:
    found = over(4, Terms(showing), Posts("a", posts, price)).cost
    requests, readings, charged = plain(showing, posts, price, T + 4 * DAY_S)
    assert (found.requests, found.readings) == (requests, readings)
    assert found.charged == (charged if showing.billed_daily else 0)


@settings(max_examples=30)
@given(showings, st.lists(st.lists(subjects(), min_size=1, max_size=4), min_size=2, max_size=4))
def test_the_accounts_make_up_the_network_and_more_accounts_never_cost_less(
    showing: Showing, accounts: list[list[Subject]]
) -> None:
    posts = [Posts(str(n), found, 3000.0) for n, found in enumerate(accounts)]
    whole, fewer = over(4, Terms(showing), *posts), over(4, Terms(showing), *posts[1:])
    assert sum(whole.accounts.values(), Cost()) == whole.cost
    assert whole.cost.requests >= fewer.cost.requests
    assert whole.cost.readings >= fewer.cost.readings
    assert whole.cost.charged >= fewer.cost.charged


@settings(max_examples=30)
@given(st.sampled_from((INSTAGRAM, FACEBOOK)), st.lists(subjects(), min_size=1, max_size=6))
def test_where_each_post_counts_they_cost_together_what_they_cost_alone(
    showing: Showing, posts: list[Subject]
) -> None:
    together = over(4, Terms(showing), Posts("a", posts, 3000.0)).cost.readings
    alone = [over(4, Terms(showing), Posts("a", [post], 3000.0)).cost.readings for post in posts]
    assert together == sum(alone)


# ---- samples ---------------------------------------------------------------------------------------


def world(showing: Showing, accounts: int, seed: int, large: int = 0) -> list[Posts]:
    """Accounts of 5 to 40 posts, and one of `large`."""
    chance, found = random.Random(seed), []
    sizes = [chance.randint(5, 40) for _ in range(accounts)] + [large] * bool(large)
    for n, size in enumerate(sizes):
        ages = [chance.uniform(HOUR_S, 120 * DAY_S) for _ in range(size)]
        posts = [
            Subject(T - age, T - age * chance.uniform(0, 0.2), Growth(chance.lognormvariate(0, 0.6)), True)
            for age in ages
        ]
        found.append(Posts(str(n), posts, 10_000.0))
    return found


@pytest.mark.parametrize(
    ("name", "showing", "requests"),
    [("x", X, 0.1), ("instagram", INSTAGRAM, 0.1), ("linkedin", LINKEDIN, 0.2), ("youtube", YOUTUBE, 0.2)],
)
def test_a_sample_costs_about_what_the_whole_does(name: str, showing: Showing, requests: float) -> None:
    posts = {name: world(showing, 120, 7, large=600)}
    terms = {name: Terms(showing, [POSTS_PER_DAY] if showing.billed_daily else [])}
    whole, some = forecast(terms, posts, NOW), forecast(terms, sampled(posts, T, most=1000), NOW)
    assert whole.sampled is None
    assert some.sampled is not None
    assert 700 < some.sampled < 1300
    assert some.destinations == whole.destinations > 3000
    assert some.total().charged == pytest.approx(whole.total().charged, rel=0.1)
    assert some.total().usd == pytest.approx(whole.total().usd, rel=0.1)
    assert some.total().requests == pytest.approx(whole.total().requests, rel=requests)


def test_few_posts_are_all_taken() -> None:
    posts = {"a": world(X, 3, 1), "b": world(X, 2, 2)}
    assert sampled(posts, T) == posts


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 3000), min_size=1), st.integers(1, 3000))
def test_picks_stand_for_everything(sizes: dict[str, int], most: int) -> None:
    found = picks({name: Size(count, float(count)) for name, count in sizes.items()}, most)
    assert sum(pick.of * pick.accounts for pick in found) == pytest.approx(sum(sizes.values()))
    assert all(0 < pick.take <= pick.of == sizes[pick.account] for pick in found)
    assert len({pick.account for pick in found}) == len(found)
    if sum(sizes.values()) <= most:
        assert sum(pick.take for pick in found) == sum(sizes.values())


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 3000), min_size=1), st.integers(0, 9000))
def test_shares_are_fair(sizes: dict[str, int], most: int) -> None:
    found = shares(sizes, most)
    assert sum(found.values()) == min(most, sum(sizes.values()))
    short = [found[name] for name in sizes if found[name] < sizes[name]]
    if short:
        assert max(found.values()) == max(short) <= min(short) + 1


def test_of_accounts_alike_in_size_one_that_is_like_the_others_is_taken() -> None:
    quiet, usual, loud = (
        [Subject(T - age, T, Growth(pace))] * 10 for age, pace in ((9 * DAY_S, 0.1), (DAY_S, 1), (60, 9))
    )
    sizes = {name: size_of(posts, T) for name, posts in (("a", quiet), ("b", usual), ("c", loud))}
    assert [pick.account for pick in picks(sizes, 10)] == ["b"]


def test_short_windows_are_not_judged_by_a_sample() -> None:
    allowances = [Allowance("calls_per_hour", "app", HOUR, 1), Allowance("calls_per_day", "app", DAY, 9_000)]
    lumps = Posts("a", [old()], CHEAP, accounts=50)
    assert [use.allowance.name for use in over(2, Terms(HOURLY, allowances), lumps).uses] == ["calls_per_day"]
    assert over(2, Terms(HOURLY, allowances), lumps).cost.readings == 47 * 50


# ---- the answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_the_month_ends_by_utc(now: datetime, end: datetime) -> None:
    assert month_end(now) == end


def test_the_answer_as_json() -> None:
    calls = Allowance("calls_per_day", "app", DAY, 100)
    found = forecast({"n": Terms(HOURLY, [calls])}, {"n": ten()}, NOW, NOW + timedelta(days=3)).as_json()
    assert found == json.loads(json.dumps(found))
    assert (found["sampled"], found["destinations"]) == (None, 10)
    assert found["total"] == {"requests": 300, "readings": 300, "charged": 0, "usd": 0.0}
    assert found["platforms"]["n"]["wanted"]["requests"] == 710
    assert found["platforms"]["n"]["allowances"]["calls_per_day"] == {
        "per": "app",
        "ceiling": 100,
        "busiest": 240,
        "part": 2.4,
        "at": "2026-11-11T00:00:00.000Z",
        "social_connection_id": None,
        "short_from": "2026-11-10T11:00:00.000Z",
        "longest_wait_s": 50400,
    }
    assert found["platforms"]["n"]["accounts"]["0"] == {
        "requests": 30,
        "readings": 30,
        "charged": 0,
        "usd": 0.0,
    }


def test_an_empty_forecast() -> None:
    found = forecast({"n": Terms(HOURLY, [POSTS_PER_DAY])}, {"n": [one()]}, NOW)
    assert found.total() == Cost()
    assert found.until == datetime(2026, 12, 1, tzinfo=UTC)
