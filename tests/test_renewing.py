"""Tokens stay good: early and with jitter, one renewal among all processes, nothing lost on the way."""

import asyncio
import itertools
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from sextant.app import build
from sextant.config import Settings
from sextant.errors import Reconnect
from sextant.platforms.base import Grant
from sextant.renewing import EARLY, HELD_S, LATE_PART, RETRY_AFTER, jitter, renew_at, renew_from
from sextant.sandbox.faults import Fault
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.x import NETWORK
from sextant.store import connections, organizations
from sextant.store.migrate import migrate
from tests.conftest import new_database
from tests.test_accounts import APP, OWNER, Here, under_way
from tests.waiting import HELD_MS, until

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRET = "a long secret for the test"


@asynccontextmanager
async def several(tmp_path, url, number):
    """So many processes' services on one Postgres, and what they share."""
    async with Sandbox(World(), [NETWORK]) as sandbox:
        settings = Settings(
            data_dir=tmp_path, database_url=url, secret_key=SECRET, public_url="http://sextant.example"
        )
        made = [
            Here(build(settings, {"x": APP}, clock=sandbox.world.clock, upstream=sandbox.url), sandbox)
            for _ in range(number)
        ]
        await migrate(made[0].services.store)
        async with made[0].services.store.write() as db:
            organization = (await organizations.create(db, "Mosaic", "mosaic", NOW)).id
        for one in made:
            one.organization = organization
        try:
            yield made
        finally:
            for one in made:
                await one.services.close()


@pytest.fixture
async def here(tmp_path, database_url):
    async with several(tmp_path, database_url, 1) as made:
        yield made[0]


@pytest.fixture
async def both(tmp_path, postgres):
    async with several(tmp_path, new_database(postgres), 2) as made:
        yield made


# ---- when ----


def test_jitter_is_a_connections_own_and_spreads_the_others():
    found = [jitter(str(uuid4())) for _ in range(200)]
    assert all(0.5 <= value <= 1 for value in found)
    assert max(found) - min(found) > 0.4
    assert jitter("a") == jitter("a")


@pytest.mark.parametrize(
    ("life", "earliest"),
    [(2 * HOUR, EARLY), (60 * DAY, EARLY), (HOUR / 2, HOUR / 20), (HOUR / 60, HOUR / 600)],
)
def test_an_access_token_is_renewed_in_its_last_tenth_and_at_most_ten_minutes_early(life, earliest):
    ends = NOW + life
    for number in range(50):
        early = ends - renew_from(Grant("t", ends), NOW, str(number))
        assert earliest / 2 <= early <= earliest


def test_a_token_without_an_end_is_never_early():
    assert renew_from(Grant("t"), NOW, "a") is None
    assert renew_from(Grant("t", NOW + HOUR), None, "a") is None


@pytest.mark.parametrize(
    ("grant", "life"),
    [
        (Grant("t", NOW + HOUR, "r", NOW + 365 * DAY), 365 * DAY),
        (Grant("t", NOW + HOUR, "r"), 30 * DAY),
        (Grant("t", NOW + 60 * DAY), 60 * DAY),
    ],
)
def test_what_nobody_uses_is_renewed_well_before_it_ends(grant, life):
    for number in range(50):
        after = renew_at(grant, NOW, str(number)) - NOW
        assert life * LATE_PART / 2 <= after <= life * LATE_PART


def test_what_cannot_be_renewed_is_not():
    assert renew_at(Grant("t"), NOW, "a") is None
    assert renew_at(Grant("t", NOW + HOUR), NOW, "a") is None


# ---- early ----


async def early(here):
    """A connection whose access token is still good, but to be renewed."""
    connection = await here.connect()
    at = renew_from(here.grant(connection), connection.granted_at, connection.id)
    here.world.clock.advance((at - here.services.clock.now()).total_seconds() + 1)
    here.world.ledger.clear()
    assert here.grant(connection).expires_at > here.services.clock.now()
    return connection


async def test_a_good_token_is_not_renewed_before_its_time(here):
    connection = await here.connect()
    at = renew_from(here.grant(connection), connection.granted_at, connection.id)
    here.world.clock.advance((at - here.services.clock.now()).total_seconds() - 5)
    here.world.ledger.clear()
    assert await here.me(connection) == OWNER
    assert here.refreshes() == []


async def test_calls_with_a_token_near_its_end_renew_it_once(here):
    connection = await early(here)
    assert set(await asyncio.gather(*(here.me(connection) for _ in range(50)))) == {OWNER}
    assert here.refreshes() == [200]
    assert here.grant(await here.connection()) != here.grant(connection)


async def test_an_early_renewal_that_fails_uses_the_good_token_and_does_not_hammer(here):
    connection = await early(here)
    here.world.faults.order(Fault("status", "x", on="token", status=503, times=None))
    assert set(await asyncio.gather(*(here.me(connection) for _ in range(20)))) == {OWNER}
    for _ in range(5):
        assert await here.me(connection) == OWNER
    assert here.refreshes() == [503]
    assert here.grant(await here.connection()) == here.grant(connection)
    here.world.clock.advance(61)
    assert await here.me(connection) == OWNER
    assert here.refreshes() == [503, 503]
    here.world.faults.clear()
    here.world.clock.advance(61)
    assert await here.me(connection) == OWNER
    assert here.refreshes() == [503, 503, 200]


async def test_an_early_renewal_that_is_refused_asks_the_owner_only_at_the_end(here):
    connection = await early(here)
    here.kill(here.grant(connection).refresh_token)
    assert await here.me(connection) == OWNER
    assert (await here.connection()).status == connections.CONNECTED
    here.expire()
    with pytest.raises(Reconnect):
        await here.me(connection)
    assert (await here.connection()).status == connections.NEEDS_RECONNECT


# ---- though nobody asks ----


async def unused(here):
    connection = await here.connect()
    here.world.clock.advance((connection.renew_at - here.services.clock.now()).total_seconds() + 1)
    here.world.ledger.clear()
    return connection


async def test_what_nobody_has_used_for_long_is_renewed(here):
    connection = await here.connect()
    here.world.ledger.clear()
    await here.accounts.renewing.renew_due()
    assert here.refreshes() == []
    here.world.clock.advance((connection.renew_at - here.services.clock.now()).total_seconds() + 1)
    for _ in range(2):
        await here.accounts.renewing.renew_due()
    assert here.refreshes() == [200]
    assert (await here.connection()).renew_at > here.services.clock.now()


async def test_a_renewal_that_nobody_waits_for_is_tried_again_later(here):
    connection = await unused(here)
    here.world.faults.order(Fault("status", "x", on="token", status=503))
    for _ in range(3):
        await here.accounts.renewing.renew_due()
    assert here.refreshes() == [503]
    put_off = await here.connection()
    assert (put_off.status, put_off.sealed_grant) == (connections.CONNECTED, connection.sealed_grant)
    here.world.clock.advance(RETRY_AFTER.total_seconds() + 1)
    await here.accounts.renewing.renew_due()
    assert here.refreshes() == [503, 200]


async def test_who_is_gone_or_has_to_come_back_is_not_renewed(here):
    connection = await unused(here)
    await here.accounts.disconnect(here.organization, connection.id)
    here.world.ledger.clear()
    await here.accounts.renewing.renew_due()
    assert here.refreshes() == []


# ---- saved before it is used ----


async def test_the_new_tokens_are_saved_before_the_new_access_token_is_used(here):
    """The call with it hangs, and never comes back: what was given in exchange for the old is kept."""
    connection = await here.connect()
    here.expire()
    here.world.faults.order(Fault("slow", "x", on="token", delay_ms=0))
    here.world.faults.order(Fault("timeout", "x", delay_ms=HELD_MS))
    call = asyncio.create_task(here.me(connection))
    faults = here.world.faults
    await until(lambda: faults.held and not faults.ordered, "a call with the new access token")
    assert here.refreshes() == [200]
    kept = here.grant(await here.connection())
    assert kept.refresh_token != here.grant(connection).refresh_token
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert await here.me(await here.connection()) == OWNER
    assert here.refreshes() == [200]


# ---- among processes ----


async def test_fifty_calls_of_two_processes_with_an_expired_token_make_one_refresh(both):
    first, second = both
    connection = await first.connect()
    first.expire()
    first.world.faults.order(Fault("slow", "x", on="token", delay_ms=300, times=None))
    who = itertools.cycle(both)
    assert set(await asyncio.gather(*(next(who).me(connection) for _ in range(50)))) == {OWNER}
    assert first.refreshes() == [200]
    assert second.grant(await second.connection()) == first.grant(await first.connection())


async def test_two_processes_renew_early_once(both):
    connection = await early(both[0])
    both[0].world.faults.order(Fault("slow", "x", on="token", delay_ms=300, times=None))
    await asyncio.gather(*(one.me(connection) for one in both for _ in range(10)))
    assert both[0].refreshes() == [200]


async def test_a_renewal_of_another_process_that_fails_is_taken_over(both):
    first, second = both
    connection = await first.connect()
    first.expire()
    first.world.faults.order(Fault("slow", "x", on="token", delay_ms=300))
    first.world.faults.order(Fault("status", "x", on="token", status=503))
    ends = await asyncio.gather(first.me(connection), second.me(connection), return_exceptions=True)
    assert OWNER in ends
    assert first.refreshes().count(200) == 1


async def test_the_right_to_renew_ends_with_its_time(here):
    """A process that was killed at it does not keep the account from the others."""
    connection = await here.connect()
    until = NOW + timedelta(seconds=HELD_S)
    async with here.services.store.write() as db:
        assert await connections.take_renewal(db, connection.id, NOW, until)
        assert not await connections.take_renewal(db, connection.id, NOW + timedelta(seconds=1), until)
        assert not await connections.take_renewal(db, connection.id, until, until)
        assert await connections.take_renewal(db, connection.id, until + timedelta(seconds=1), until)


async def test_disconnecting_while_another_process_renews_leaves_no_tokens(both):
    first, second = both
    connection = await first.connect()
    first.expire()
    first.world.faults.order(Fault("slow", "x", on="token", delay_ms=HELD_MS))
    call = asyncio.create_task(first.me(connection))
    await under_way(first, connection)
    await second.accounts.disconnect(second.organization, connection.id)
    first.world.faults.clear()
    await asyncio.gather(call, return_exceptions=True)
    row = await second.row(connection.id)
    assert (row.status, row.sealed_grant) == (connections.DISCONNECTED, None)


# ---- connected again meanwhile ----


@pytest.mark.parametrize("spent", [True, False], ids=["refused", "given"])
async def test_a_renewal_that_ends_after_a_new_consent_does_not_touch_its_tokens(here, spent):
    connection = await here.connect()
    here.expire()
    if spent:
        here.kill(here.grant(connection).refresh_token)
    here.world.faults.order(Fault("slow", "x", on="token", delay_ms=HELD_MS))
    call = asyncio.create_task(here.me(connection))
    await under_way(here, connection)
    again = await here.connect()
    here.world.faults.clear()
    ends = await asyncio.gather(call, return_exceptions=True)
    after = await here.connection()
    assert (after.status, here.grant(after)) == (connections.CONNECTED, here.grant(again)), ends
    assert await here.me(after) == OWNER
