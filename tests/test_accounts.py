"""Connected accounts on both databases: one renewal at a time, what a refused one means, sealed tokens."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from sextant.accounts import LinkInvalid
from sextant.app import build
from sextant.config import Settings
from sextant.errors import Invalid, NotFound, OurBug, Reconnect, TryLater
from sextant.platforms.base import App, Request
from sextant.sandbox.faults import Fault
from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import World
from sextant.sandbox.x import NETWORK
from sextant.sandboxed import connect_one
from sextant.store import connections, organizations
from sextant.store.migrate import migrate
from sextant.store.tables import connect_sessions
from sextant.store.tables import connections as table
from tests.waiting import HELD_MS, until

OWNER = "2244994945"
TOKENS = "/2/oauth2/token"
ME = Request("GET", "https://api.x.com/2/users/me")
LIFE_S = 7300
APP = App("sandbox-x", "sandbox-x-secret", "x", "2")


class Here:
    """Services with one organization, and the simulated X they speak to."""

    def __init__(self, services, sandbox):
        self.services, self.sandbox = services, sandbox
        self.accounts, self.world = services.accounts, sandbox.world

    async def connect(self):
        await connect_one(self.accounts, self.organization, "x", OWNER)
        return await self.connection()

    async def connection(self):
        async with self.services.store.read() as db:
            (found,) = await connections.of_organization(db, self.organization)
        return found

    async def row(self, connection_id):
        async with self.services.store.read() as db:
            return await connections.by_id(db, connection_id)

    async def me(self, connection):
        return (await self.accounts.call(connection).send(ME)).json["data"]["id"]

    def grant(self, connection):
        return self.accounts.call(connection).grant

    def refreshes(self):
        return [row["status"] for row in self.world.ledger.rows() if row["path"] == TOKENS]

    def expire(self):
        self.world.clock.advance(LIFE_S)
        self.world.ledger.clear()

    def kill(self, token):
        """The network no longer takes this token, though its time is not over."""
        self.world.state.tokens[token].dead = True
        self.world.ledger.clear()


@pytest.fixture
async def here(database_url, tmp_path):
    settings = Settings(
        data_dir=tmp_path,
        database_url=database_url,
        secret_key="a long secret for the test",
        public_url="http://sextant.example",
    )
    async with Sandbox(World(), [NETWORK]) as sandbox:
        services = build(settings, {"x": APP}, clock=sandbox.world.clock, upstream=sandbox.url)
        await migrate(services.store)
        here = Here(services, sandbox)
        async with services.store.write() as db:
            made = await organizations.create(db, "Mosaic", "mosaic", datetime.now(UTC))
            here.organization = made.id
        yield here
        await services.close()


async def under_way(here, connection):
    """Returns while the refresh that was asked for is held by the network; clearing the faults lets it go."""
    await until(lambda: here.world.faults.held, "a refresh under way")
    assert here.refreshes() == []
    assert await here.connection() == connection


# ---- renewing ----


async def test_fifty_calls_with_a_token_past_its_time_make_one_refresh(here):
    connection = await here.connect()
    here.expire()
    assert set(await asyncio.gather(*(here.me(connection) for _ in range(50)))) == {OWNER}
    assert here.refreshes() == [200]


async def test_thirty_calls_with_a_token_that_the_network_refuses_make_one_refresh(here):
    connection = await here.connect()
    here.kill(here.grant(connection).access_token)
    assert set(await asyncio.gather(*(here.me(connection) for _ in range(30)))) == {OWNER}
    assert here.refreshes() == [200]


async def test_a_caller_with_yesterdays_tokens_takes_todays_without_asking_the_network(here):
    yesterday = await here.connect()
    here.expire()
    await here.me(yesterday)
    here.world.ledger.clear()
    assert await here.me(yesterday) == OWNER
    assert here.refreshes() == []


async def test_the_rotated_refresh_token_is_kept_and_works_the_next_time(here):
    connection = await here.connect()
    seen = [here.grant(connection).refresh_token]
    for _ in range(3):
        here.expire()
        await here.me(await here.connection())
        seen.append(here.grant(await here.connection()).refresh_token)
    assert len(set(seen)) == 4


@pytest.mark.parametrize(("status", "means"), [(503, TryLater), (401, OurBug)], ids=["503", "wrong client"])
async def test_a_passing_failure_of_a_refresh_changes_nothing_and_the_next_call_works(here, status, means):
    connection = await here.connect()
    here.expire()
    here.world.faults.order(Fault("status", "x", on="token", status=status))
    with pytest.raises(means):
        await here.me(connection)
    assert await here.connection() == connection
    assert await here.me(connection) == OWNER
    assert here.refreshes() == [status, 200]
    assert (await here.connection()).status == connections.CONNECTED


@pytest.mark.parametrize("kind", ["not_json", "drop_after_commit"])
async def test_a_refresh_without_a_proper_answer_leaves_the_connection_connected(here, kind):
    connection = await here.connect()
    here.expire()
    here.world.faults.order(Fault(kind, "x", on="token"))
    with pytest.raises(TryLater):
        await here.me(connection)
    assert await here.connection() == connection


async def test_a_spent_refresh_token_asks_the_owner_with_the_networks_words(here):
    connection = await here.connect()
    here.expire()
    here.kill(here.grant(connection).refresh_token)
    with pytest.raises(Reconnect):
        await here.me(connection)
    marked = await here.connection()
    assert (marked.id, marked.status) == (connection.id, connections.NEEDS_RECONNECT)
    assert marked.status_message.startswith("Connect the account again")
    assert "Value passed for the token was invalid." in marked.status_message


async def test_connecting_again_restores_the_same_connection(here):
    connection = await here.connect()
    here.expire()
    here.kill(here.grant(connection).refresh_token)
    with pytest.raises(Reconnect):
        await here.me(connection)
    again = await here.connect()
    assert (again.id, again.created_at) == (connection.id, connection.created_at)
    assert (again.status, again.status_message) == (connections.CONNECTED, None)
    assert await here.me(again) == OWNER


async def test_fifty_calls_with_a_spent_refresh_token_all_ask_the_owner_after_one_refresh(here):
    connection = await here.connect()
    here.expire()
    here.kill(here.grant(connection).refresh_token)
    ends = await asyncio.gather(*(here.me(connection) for _ in range(50)), return_exceptions=True)
    assert {type(end) for end in ends} == {Reconnect}
    assert here.refreshes() == [400]


async def test_fifty_calls_while_tokens_are_not_given_wait_for_one_refresh(here):
    connection = await here.connect()
    here.expire()
    here.world.faults.order(Fault("status", "x", on="token", status=503, times=None))
    ends = await asyncio.gather(*(here.me(connection) for _ in range(50)), return_exceptions=True)
    assert {type(end) for end in ends} == {TryLater}
    assert here.refreshes() == [503]


async def test_a_refresh_is_kept_though_the_one_who_asked_has_gone(here):
    connection = await here.connect()
    here.expire()
    here.world.faults.order(Fault("slow", "x", on="token", delay_ms=HELD_MS))
    call = asyncio.create_task(here.me(connection))
    await under_way(here, connection)
    call.cancel()
    here.world.faults.clear()
    await here.accounts.renewing.settled(connection.id)
    assert here.grant(await here.connection()) != here.grant(connection)
    assert here.refreshes() == [200]


async def test_closing_waits_for_a_refresh_so_that_its_token_is_kept(here):
    connection = await here.connect()
    here.expire()
    here.world.faults.order(Fault("slow", "x", on="token", delay_ms=HELD_MS))
    call = asyncio.create_task(here.me(connection))
    await under_way(here, connection)
    call.cancel()
    closing = asyncio.create_task(here.accounts.renewing.close())
    await asyncio.sleep(0)
    here.world.faults.clear()
    await closing
    assert here.grant(await here.connection()) != here.grant(connection)


# ---- sealed ----


def tokens_of(here):
    return [token.value for token in here.world.state.tokens.values()]


async def everything_in(here, *tables):
    async with here.services.store.read() as db:
        rows = [row for one in tables for row in (await db.execute(select(one))).all()]
    assert rows
    return "\n".join(str(value) for row in rows for value in row)


async def test_no_column_holds_a_token(here):
    connection = await here.connect()
    here.expire()
    await here.me(connection)
    written = await everything_in(here, table, connect_sessions)
    assert len(tokens_of(here)) == 4
    assert not [token for token in tokens_of(here) if token in written]
    assert APP.client_secret not in written


async def test_no_column_holds_the_verifier_or_state_while_the_owner_decides(here):
    link = (await here.accounts.begin(here.organization, "x", None, None)).rpartition("/")[2]
    state = parse_qs(urlsplit(await here.accounts.authorize(link)).query)["state"][0]
    async with here.services.store.read() as db:
        (row,) = (await db.execute(select(connect_sessions))).mappings().all()
    verifier = here.services.accounts.vault.open(row["sealed_verifier"], row["id"])
    written = await everything_in(here, connect_sessions)
    assert len(verifier) >= 43
    assert verifier not in written
    assert state not in written


async def test_tokens_of_one_connection_do_not_open_for_another(here):
    connection = await here.connect()
    stolen = connections.Connection(
        **{name: getattr(connection, name) for name in connection.__slots__} | {"id": "another"}
    )
    with pytest.raises(Exception, match="cannot be opened"):
        here.accounts.call(stolen)


# ---- connecting ----


async def test_a_link_connects_once(here):
    link = (await here.accounts.begin(here.organization, "x", None, None)).rpartition("/")[2]
    query = parse_qs(urlsplit(await say_yes(await here.accounts.authorize(link), OWNER)).query)
    state, code = query["state"][0], query["code"][0]
    await here.accounts.complete("x", state, code)
    with pytest.raises(LinkInvalid):
        await here.accounts.complete("x", state, code)
    with pytest.raises(LinkInvalid):
        await here.accounts.authorize(link)


async def test_a_link_ends_with_its_time(here):
    link = (await here.accounts.begin(here.organization, "x", None, None)).rpartition("/")[2]
    await here.accounts.session(link)
    here.world.clock.advance(1801)
    with pytest.raises(LinkInvalid):
        await here.accounts.session(link)


@pytest.mark.parametrize("link", ["", "x", "4df2f2b9-4c5f-4b3a-9581-1bcb8b4f7d01.forged", "é.é"])
async def test_a_forged_link_is_refused(here, link):
    with pytest.raises(LinkInvalid):
        await here.accounts.session(link)


async def test_a_state_of_one_network_is_no_good_at_another(here):
    link = (await here.accounts.begin(here.organization, "x", None, None)).rpartition("/")[2]
    state = parse_qs(urlsplit(await here.accounts.authorize(link)).query)["state"][0]
    with pytest.raises(LinkInvalid):
        await here.accounts.complete("linkedin", state, "code")


async def test_a_newer_page_voids_the_state_of_the_one_before(here):
    link = (await here.accounts.begin(here.organization, "x", None, None)).rpartition("/")[2]
    first = parse_qs(urlsplit(await here.accounts.authorize(link)).query)["state"][0]
    await here.accounts.authorize(link)
    with pytest.raises(LinkInvalid):
        await here.accounts.refused("x", first)


@pytest.mark.parametrize(
    ("platform", "redirect", "words"),
    [
        ("twitter", None, "Unknown platform"),
        ("linkedin", None, "SEXTANT_LINKEDIN_CLIENT_ID"),
        ("x", "javascript:alert(1)", "absolute http or https"),
        ("x", "/done", "absolute http or https"),
    ],
)
async def test_a_wrong_wish_says_what_is_wrong(here, platform, redirect, words):
    with pytest.raises(Invalid) as caught:
        await here.accounts.begin(here.organization, platform, None, redirect)
    assert words in caught.value.detail[0]["msg"]


# ---- disconnecting ----


async def test_disconnecting_revokes_at_the_network_and_forgets_the_tokens(here):
    connection = await here.connect()
    await here.accounts.disconnect(here.organization, connection.id)
    row = await here.row(connection.id)
    assert (row.status, row.sealed_grant) == (connections.DISCONNECTED, None)
    assert all(token.dead for token in here.world.state.tokens.values())
    with pytest.raises(Reconnect):
        here.accounts.call(row)


async def test_disconnecting_forgets_the_tokens_though_the_network_fails(here):
    connection = await here.connect()
    here.world.faults.order(Fault("status", "x", status=503))
    await here.accounts.disconnect(here.organization, connection.id)
    assert (await here.row(connection.id)).sealed_grant is None


async def test_another_organization_cannot_disconnect(here):
    connection = await here.connect()
    with pytest.raises(NotFound):
        await here.accounts.disconnect("another", connection.id)
    assert await here.me(connection) == OWNER


async def test_a_renewal_under_way_does_not_bring_a_disconnected_account_back(here):
    connection = await here.connect()
    here.expire()
    here.world.faults.order(Fault("slow", "x", on="token", delay_ms=HELD_MS))
    call = asyncio.create_task(here.me(connection))
    await under_way(here, connection)
    leaving = asyncio.create_task(here.accounts.disconnect(here.organization, connection.id))
    await asyncio.sleep(0)
    here.world.faults.clear()
    await leaving
    await asyncio.gather(call, return_exceptions=True)
    row = await here.row(connection.id)
    assert (row.status, row.sealed_grant) == (connections.DISCONNECTED, None)
    assert all(token.dead for token in here.world.state.tokens.values())


async def test_after_disconnecting_a_call_with_old_tokens_is_refused(here):
    connection = await here.connect()
    call = here.accounts.call(connection)
    await here.accounts.disconnect(here.organization, connection.id)
    with pytest.raises(Reconnect, match="disconnected"):
        await call.send(ME)
