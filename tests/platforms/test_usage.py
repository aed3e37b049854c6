"""What answers tell of how much is used up: Meta's two headers, and X's three."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant.platforms import PLATFORMS
from sextant.platforms.allowances import TellsUsage, Usage
from sextant.platforms.base import Account, Answer, Request
from sextant.platforms.graph import free_again
from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.calls import call_for, connect
from tests.platforms.adapters import NOW

ME = Account("100000000000001", "Cute Kitten Page", "page")
APP, BUSINESS = "x-app-usage", "x-business-use-case-usage"


def answer(headers: Mapping[str, str], body: Any = None, status: int = 200) -> Answer:
    return Answer(status, headers, body, "", NOW)


def told(network: str, headers: Mapping[str, str], body: Any = None, status: int = 200) -> Usage | None:
    platform = PLATFORMS[network]
    assert isinstance(platform, TellsUsage)
    return platform.usage(answer(headers, body, status), ME)


def app(**shares: Any) -> dict[str, str]:
    return {APP: json.dumps(shares)}


def row(kind: str | None = "pages", minutes: Any = 0, **shares: Any) -> dict[str, Any]:
    named = {"type": kind} if kind else {}
    return {**named, **shares, "estimated_time_to_regain_access": minutes}


def business(*rows: Any) -> dict[str, str]:
    return {BUSINESS: json.dumps({ME.id: list(rows)})}


# ---- Meta ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", ["facebook", "instagram"])
def test_an_answer_without_headers_tells_nothing(network: str) -> None:
    assert told(network, {}) is None
    assert told(network, {BUSINESS: "{}"}) is None


def test_the_apps_use_is_the_highest_of_three() -> None:
    """The example of facebook.md §4."""
    found = told("facebook", app(call_count=28, total_time=25, total_cputime=25))
    assert found == Usage(28.0, None, account_only=False)
    assert told("facebook", app(call_count=1, total_time=2, total_cputime=99)) == Usage(99.0, None, False)


def test_an_accounts_use_is_the_highest_of_three() -> None:
    """The example of facebook.md §4."""
    shares = {"call_count": 12, "total_cputime": 45, "total_time": 30}
    assert told("facebook", business(row(**shares))) == Usage(45.0, None, account_only=True)


@pytest.mark.parametrize("network", ["facebook", "instagram"])
def test_a_throttled_account_tells_in_minutes_when_it_is_free(network: str) -> None:
    kind = "pages" if network == "facebook" else "instagram"
    found = told(network, business(row(kind, 19, call_count=103)), status=400)
    assert found == Usage(103.0, NOW + timedelta(minutes=19), account_only=True)


def test_the_highest_of_both_headers_decides_and_of_two_alike_the_apps() -> None:
    both = app(call_count=50) | business(row(call_count=80, minutes=3))
    assert told("facebook", both) == Usage(80.0, NOW + timedelta(minutes=3), account_only=True)
    both = app(call_count=81) | business(row(call_count=80))
    assert told("facebook", both) == Usage(81.0, None, account_only=False)
    both = app(call_count=80) | business(row(call_count=80))
    assert told("facebook", both) == Usage(80.0, None, account_only=False)


def test_use_of_other_products_is_not_ours() -> None:
    rows = (
        row("ads_management", call_count=100, minutes=60),
        row("pages", call_count=7),
        row(None, total_time=8),
    )
    assert told("facebook", business(*rows)) == Usage(8.0, None, account_only=True)
    assert told("facebook", business(row("messenger", call_count=100))) is None


def test_parts_of_a_batch_tell_it_as_well() -> None:
    """facebook.md §3.6: the header stands at each part, and may be absent from the whole."""
    use = [business(row(call_count=percent))[BUSINESS] for percent in (40, 41)]
    parts = [
        {"code": 200, "headers": [{"name": "X-Business-Use-Case-Usage", "value": text}], "body": "{}"}
        for text in (*use, "{}", "[")
    ]
    whole = [None, {"code": 200, "headers": None}, "x", *parts]
    assert told("facebook", {}, whole) == Usage(41.0, None, account_only=True)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "[",
        "null",
        "7",
        "[]",
        '{"1": 5}',
        '{"1": [5, null, "x", {}]}',
        '{"1": [{"call_count": "many"}]}',
        '{"1": [{"call_count": NaN, "total_time": Infinity, "total_cputime": -5}]}',
        '{"1": [{"type": ["pages"], "call_count": 5}]}',
        "[" * 8000,
        '{"a":' * 8000,
        "9" * 5000,
    ],
)
def test_a_header_that_cannot_be_read_tells_nothing(header: str) -> None:
    assert told("facebook", {BUSINESS: header, APP: header}) is None
    assert free_again(answer({BUSINESS: header}), timedelta(minutes=5)) == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("minutes", [-3, -(10**30), None, "19", 1.5, True])
def test_senseless_minutes_are_no_time(minutes: Any) -> None:
    found = told("facebook", business(row(call_count=100, minutes=minutes)))
    assert found == Usage(100.0, None, account_only=True)


def test_minutes_without_end_are_a_week() -> None:
    found = told("facebook", business(row(call_count=10**300, minutes=10**30)))
    assert found == Usage(1000.0, NOW + timedelta(days=7), account_only=True)


# ---- X ---------------------------------------------------------------------------------------------


def limits(limit: Any, left: Any, reset: Any = 1_788_264_900) -> dict[str, str]:
    names = ("limit", "remaining", "reset")
    return {
        f"x-rate-limit-{name}": str(value) for name, value in zip(names, (limit, left, reset), strict=True)
    }


def test_x_tells_the_calls_that_are_left_and_until_when() -> None:
    found = told("x", limits(3500, 875))
    assert found == Usage(75.0, NOW + timedelta(minutes=15), account_only=False)


def test_the_limit_of_a_user_is_the_accounts() -> None:
    found = told("x", limits(5000, 0), status=429)
    assert found == Usage(100.0, NOW + timedelta(minutes=15), account_only=True)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-rate-limit-limit": "3500"},
        {"x-rate-limit-remaining": "5"},
        limits(0, 0),
        limits("many", 5),
        limits(3500, "-1"),
        limits("9" * 5000, 5),
        limits("²", "²"),
    ],
)
def test_x_without_sense_tells_nothing(headers: Mapping[str, str]) -> None:
    assert told("x", headers) is None


@pytest.mark.parametrize("reset", ["soon", "", "9" * 40, "-5"])
def test_a_senseless_reset_is_no_time(reset: str) -> None:
    assert told("x", limits(3500, 1750, reset)) == Usage(50.0, None, account_only=False)


# ---- anything --------------------------------------------------------------------------------------

SHARES = ("call_count", "total_time", "total_cputime")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "call_count",
                    "total_time",
                    "estimated_time_to_regain_access",
                    "headers",
                    "name",
                    "1",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
VALUES = st.text(max_size=30) | JSON.map(json.dumps) | st.integers().map(str)
NAMES = st.sampled_from([APP, BUSINESS, *limits(1, 1)])


@pytest.mark.parametrize("network", ["facebook", "instagram", "x"])
@given(headers=st.dictionaries(NAMES, VALUES, max_size=5), body=JSON)
def test_no_answer_whatever_is_too_much(network: str, headers: Mapping[str, str], body: Any) -> None:
    found = told(network, headers, body)
    assert found is None or 0 <= found.percent <= 1000
    assert found is None or found.until is None or found.until.utcoffset() == timedelta(0)


# ---- the simulated networks ------------------------------------------------------------------------


async def asked(network: str, request: Request, body: Mapping[str, Any] | None = None) -> Usage | None:
    """What the simulated network's answer to a connected account's request tells."""
    platform, world = PLATFORMS[network], World()
    async with Sandbox(world, networks()) as sandbox:
        accounts, grant = await connect(platform, sandbox, world.accounts(network)[0].id)
        call = call_for(platform, sandbox.url, accounts[0], accounts[0].grant or grant, world.clock)
        assert isinstance(platform, TellsUsage)
        try:
            return platform.usage(await call.send(request), accounts[0])
        finally:
            await call.wire.close()


@pytest.mark.parametrize("network", ["facebook", "instagram"])
async def test_the_simulated_batch_tells_the_accounts_use(network: str) -> None:
    batch = json.dumps([{"method": "GET", "relative_url": "me?fields=id"}] * 3)
    form = {"include_headers": "true", "batch": batch}
    url = f"https://graph.facebook.com/{PLATFORMS[network].api_version}/"
    found = await asked(network, Request("POST", url, form=form, posts=3))
    assert found is not None
    assert found.account_only
    assert 0 < found.percent < 100


async def test_the_simulated_x_tells_the_calls_that_are_left() -> None:
    request = Request("GET", "https://api.x.com/2/tweets", params={"ids": "1"}, posts=1)
    found = await asked("x", request)
    assert found is not None
    assert 0 < found.percent < 1
    assert found.until is not None
