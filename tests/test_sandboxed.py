"""Sextant on simulated networks that are a process of their own."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from bench.lateness import read, stamp
from bench.running import NETWORKS, Client, Server, Stage, Switches, populate, staged

from sextant.store import Store, connections, organizations
from tests.conftest import new_database
from tests.waiting import PATIENCE_S

ACCOUNTS = 7
"""Of the simulated networks together: one each, and a second one on X."""


def on_sqlite(directory: Path) -> Stage:
    return Stage(directory, f"sqlite:///{directory / 'sextant.sqlite'}")


@pytest.fixture
async def networks(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server("networks", ["sandbox"], tmp_path, {}, "/_control/clock")
    server.start()
    try:
        await server.ready()
        yield server
    finally:
        server.end()


def served_on(networks: Server, name: str, directory: Path, database_url: str) -> Server:
    """A Sextant that has to make its key and its secret itself."""
    variables = {"SEXTANT_SANDBOX_URL": networks.url, "SEXTANT_DATABASE_URL": database_url}
    return Server(name, ["serve", "--sandbox"], directory, variables, "/readyz")


async def connected(database_url: str) -> list[str]:
    """The platforms of the sandbox organization's accounts."""
    store = Store(database_url)
    try:
        async with store.read() as db:
            found = await organizations.by_slug(db, "sandbox")
            assert found is not None
            return [account.platform for account in await connections.of_organization(db, found.id)]
    finally:
        await store.close()


async def test_what_the_networks_know_survives_their_orderly_end(networks: Server) -> None:
    async with Switches.of(networks.url) as switches:
        await populate(switches, "x", 4)
        before = await switches.get("x/accounts")
    networks.end()
    networks.start()
    await networks.ready()
    async with Switches.of(networks.url) as switches:
        assert await switches.get("x/accounts") == before
    assert len(before["accounts"]) == 4


async def test_processes_that_start_at_once_set_up_once(
    networks: Server, tmp_path: Path, postgres: str
) -> None:
    url = new_database(postgres)
    several = [served_on(networks, f"api-{number}", tmp_path, url) for number in range(3)]
    try:
        for server in several:
            server.start()
        for server in several:
            await server.ready()
        assert sorted(await connected(url)) == sorted([*NETWORKS, "x"])
        said = "".join(server.log.read_text() for server in several)
        assert said.count("Connected ") == ACCOUNTS
    finally:
        for server in several:
            server.end()


@pytest.mark.parametrize("killed_after", [1, 4])
async def test_a_set_up_that_was_killed_is_finished_at_the_next_start(
    networks: Server, tmp_path: Path, killed_after: int
) -> None:
    url = f"sqlite:///{tmp_path / 'sextant.sqlite'}"
    server = served_on(networks, "api", tmp_path, url)
    try:
        server.start()
        await server.says("Connected ", killed_after)
        server.kill()
        server.start()
        await server.ready()
        assert sorted(await connected(url)) == sorted([*NETWORKS, "x"])
    finally:
        server.end()


async def test_an_account_that_was_disconnected_stays_so_at_the_next_start(tmp_path: Path) -> None:
    stage = on_sqlite(tmp_path)
    async with staged(stage, {}), Client(stage).open() as client:
        left = (await client.accounts())["youtube"]
        await client.call("DELETE", f"/social/connections/{left[0]}")
        api = stage.apis[0]
        api.end()
        api.start()
        await api.ready()
        accounts = await client.accounts()
    assert accounts["youtube"] == []
    assert sum(map(len, accounts.values())) == ACCOUNTS - 1


async def test_sextant_follows_the_networks_clock(tmp_path: Path) -> None:
    stage = on_sqlite(tmp_path)
    async with staged(stage, {}), Client(stage).open() as client:
        before = time.time()
        await client.switches.post("clock", {"advance_s": 7200})
        taken = before
        while taken < before + 7200:
            assert time.time() < before + PATIENCE_S, "the clock is not followed"
            await client.call("POST", "/social/post", json={"post": str(uuid4()), "platforms": ["linkedin"]})
            taken = max(read(post["created_at"]).timestamp() for post in await client.posts())
        assert taken < time.time() + 7200 + 60


async def test_workers_follow_the_networks_clock(tmp_path: Path, postgres: str) -> None:
    stage = Stage(tmp_path, new_database(postgres), 1, 1)
    async with staged(stage, {}), Client(stage).open() as client:
        due = stamp(datetime.now(UTC) + timedelta(hours=2))
        body = {"post": "Later", "platforms": ["linkedin"], "schedule_date": due}
        await client.call("POST", "/social/post", json=body)
        await client.switches.post("clock", {"advance_s": 7200})
        await client.rest(PATIENCE_S, lambda text: None)
        (post,) = await client.posts()
    assert post["status"] == "posted"


async def test_media_come_from_the_networks_address_only(tmp_path: Path) -> None:
    stage = on_sqlite(tmp_path)
    async with staged(stage, {}), Client(stage).open() as client:
        elsewhere = {"post": "Hi", "platforms": ["youtube"], "media_urls": ["https://example.org/a.mp4"]}
        with pytest.raises(RuntimeError, match=f"422.*media come from {stage.sandbox.url}"):
            await client.call("POST", "/social/post", json=elsewhere)
        body = {"post": "Hi", "platforms": ["youtube"], "media_urls": [stage.video]}
        await client.call("POST", "/social/post", json=body)
        await client.rest(PATIENCE_S, lambda text: None)
        (post,) = await client.posts()
        (native,) = (await client.switches.get("youtube/posts"))["posts"]
    assert post["status"] == "posted"
    assert post["destinations"][0]["platform_post_id"] == native["id"]
