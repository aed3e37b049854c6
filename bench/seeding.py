"""Published posts straight into the store, many at a time, and into the simulated networks' file.

Nothing is sent: the rows are those that publishing leaves behind, and each native post is there.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

import msgspec
from bench.natives import NATIVES, put
from bench.running import another
from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.calls import connect

from sextant.crypto import Vault
from sextant.platforms import PLATFORMS
from sextant.platforms.base import Account, Grant
from sextant.renewing import Grants, renew_at
from sextant.sandbox import world as sandbox
from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandboxed import SLUG
from sextant.store import Store, connections, organizations, tables
from sextant.store.rows import new_id

SECRET = "bench-secret-bench-secret"
CHUNK = 5000
"""Rows of a table in one insert."""
OLDEST = timedelta(days=28)
"""X gives private numbers of posts younger than 30 days only: these cost what young posts cost."""
SPREAD = 0.6180339887498949
"""Multiples of it, less their whole part, fill the time evenly however many there are."""
RAW = {"likeCount": 42, "commentCount": 7, "viewCount": 9120, "shareCount": 3}

T = TypeVar("T")


# ---- who posts -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """An account to be connected. `id`: whose it is at the network; without `grant` it cannot be called."""

    platform: str
    id: str
    account: Account
    grant: Grant | None = None


def strangers(accounts: int, platforms: Sequence[str] = tuple(PLATFORMS)) -> list[Person]:
    """So many accounts of each network that no network knows: for what never leaves the house."""
    return [
        Person(name, f"{n}", Account(f"{10**15 + n}", f"Bench {n}", "-"))
        for n in range(accounts)
        for name in platforms
    ]


async def consenting(
    world: World, accounts: int, platforms: Sequence[str] = tuple(PLATFORMS)
) -> list[Person]:
    """So many accounts of each network, each connected through the real OAuth flow.

    The world's clock moves on a second for each: networks take only so many requests a second.
    """
    found = []
    async with Sandbox(world, networks()) as near:
        for name in platforms:
            for person in people_of(world, name, accounts):
                world.clock.advance(1)
                choices, grant = await connect(PLATFORMS[name], near, person.id)
                account = next(each for each in choices if each.kind != "member")
                found.append(Person(name, person.id, account, account.grant or grant))
    return found


def people_of(world: World, name: str, wanted: int) -> list[sandbox.Account]:
    known = world.accounts(name)
    for n in range(len(known), wanted):
        world.add_account(sandbox.Account(name, **another(msgspec.to_builtins(known[0]), n)))
    return world.accounts(name)[:wanted]


# ---- what they have posted -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """One destination: which of the people, which native post, since when."""

    place: int
    native_id: str
    at: datetime


def placed(
    people: Sequence[Person], count: int, now: datetime, *, first: int = 0, oldest: timedelta = OLDEST
) -> Iterator[list[Placed]]:
    """Posts with `count` destinations in all, their ages spread evenly over `oldest`.

    A post goes to one account of each network, as far as the count reaches. `first`: the number to begin
    with, so that no native id comes twice.
    """
    by_platform: dict[str, list[int]] = {}
    for place, person in enumerate(people):
        by_platform.setdefault(person.platform, []).append(place)
    rows = list(by_platform.values())
    for n in range(first, first + -(-count // len(rows))):
        at = now - oldest * ((n * SPREAD) % 1.0)
        room = count - (n - first) * len(rows)
        chosen = [row[n % len(row)] for row in rows[:room]]
        yield [Placed(place, native_id(people[place], n), at) for place in chosen]


def native_id(person: Person, n: int) -> str:
    return NATIVES[person.platform].id(person.account.id, n)


def stand(world: World, people: Sequence[Person], posts: Iterable[Sequence[Placed]]) -> None:
    """Puts the native posts into the world."""
    for post in posts:
        for one in post:
            who = people[one.place]
            put(world, who.platform, who.id, who.account.id, one.native_id, one.at.timestamp())


# ---- into the store ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Owner:
    """An organization with its key, and the connections of its people in their order."""

    organization_id: str
    key: str
    connection_ids: tuple[str, ...]


async def owner_of(
    store: Store, people: Sequence[Person], now: datetime, *, key: str = "", secret: str = SECRET
) -> Owner:
    """The organization that `--sandbox` would make, so that a server finds all set up."""
    grants, key = Grants(Vault(secret)), key or "mk_bench_" + secrets.token_hex(16)
    ids = tuple(new_id() for _ in people)
    async with store.write() as db:
        owner = await organizations.create(db, "Bench", SLUG, now)
        for connection_id, person in zip(ids, people, strict=True):
            await save(db, owner.id, connection_id, person, grants, now)
        await organizations.add_key(db, owner.id, "bench", "full", key, now)
    return Owner(owner.id, key, ids)


async def save(
    db: AsyncConnection, owner_id: str, connection_id: str, person: Person, grants: Grants, now: datetime
) -> None:
    account, grant = person.account, person.grant
    await connections.save(
        db,
        connection_id,
        now,
        new=True,
        organization_id=owner_id,
        platform=person.platform,
        login=next(iter(PLATFORMS[person.platform].logins)),
        kind=account.kind,
        native_id=account.id,
        account_name=account.name,
        account_username=account.username,
        facts=dict(account.facts),
        sealed_grant=grants.sealed(grant, connection_id) if grant else None,
        renew_at=renew_at(grant, now, connection_id) if grant else None,
    )


@dataclass(frozen=True, slots=True)
class Read:
    """What is stored of the posts' numbers. `as_of` None: nothing was ever read."""

    next_refresh_at: datetime
    as_of: datetime | None = None


async def fill(
    store: Store,
    owner: Owner,
    people: Sequence[Person],
    posts: Iterable[Sequence[Placed]],
    now: datetime,
    read: Read | None = None,
) -> list[str]:
    """Inserts the posts; without `read` no reading is stored, nor is any due. Returns the post ids."""
    made = []
    for chunk in chunks(posts, CHUNK):
        ids = [new_id() for _ in chunk]
        rows = [
            destination(owner, people, post_id, position, one, now)
            for post_id, post in zip(ids, chunk, strict=True)
            for position, one in enumerate(post)
        ]
        async with store.write() as db:
            await add(db, tables.posts, [post_row(owner, i, p[0]) for i, p in zip(ids, chunk, strict=True)])
            await add(db, tables.destinations, rows)
            if read is not None:
                await add(db, tables.readings, [reading(row, read) for row in rows])
        made += ids
    if read is not None:
        await expect_rounds(store, owner, people, read.next_refresh_at)
    return made


def post_row(owner: Owner, post_id: str, one: Placed) -> dict[str, Any]:
    return {
        "id": post_id,
        "organization_id": owner.organization_id,
        "text": "A post of the benchmark.",
        "media_urls": [],
        "status": "posted",
        "created_at": one.at,
        "published_at": one.at,
        "body_hash": "",
    }


def destination(
    owner: Owner, people: Sequence[Person], post_id: str, position: int, one: Placed, now: datetime
) -> dict[str, Any]:
    person = people[one.place]
    return {
        "id": new_id(),
        "post_id": post_id,
        "connection_id": owner.connection_ids[one.place],
        "position": position,
        "platform": person.platform,
        "kind": NATIVES[person.platform].kind,
        "status": "posted",
        "native_id": one.native_id,
        "post_url": f"https://example.org/{one.native_id}",
        "published_at": one.at,
        "attempts": 1,
        "updated_at": now,
    }


def reading(row: Mapping[str, Any], read: Read) -> dict[str, Any]:
    return {
        "destination_id": row["id"],
        "connection_id": row["connection_id"],
        "as_of": read.as_of,
        "raw": RAW if read.as_of else {},
        "refused": {},
        "failures": 0,
        "next_refresh_at": read.next_refresh_at,
    }


async def expect_rounds(store: Store, owner: Owner, people: Sequence[Person], at: datetime) -> None:
    """Every account is due at that time."""
    rounds = tables.metadata.tables.get("rounds")
    if rounds is None:
        return
    async with store.write() as db:
        known = set((await db.execute(rounds.select().with_only_columns(rounds.c.connection_id))).scalars())
        rows = [
            {"connection_id": connection_id, "platform": person.platform, "due_at": at}
            for connection_id, person in zip(owner.connection_ids, people, strict=True)
        ]
        await add(db, rounds, [row for row in rows if row["connection_id"] not in known])
        sooner = rounds.c.due_at.is_(None) | (rounds.c.due_at > at)
        await db.execute(rounds.update().where(sooner).values(due_at=at))


async def add(db: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """As far as the table has such columns."""
    for some in chunks(rows, CHUNK):
        await db.execute(insert(table), [{k: v for k, v in row.items() if k in table.c} for row in some])


def chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(things)
    while chunk := list(islice(left, size)):
        yield chunk


# ---- all of it -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seeded:
    owner: Owner
    people: Sequence[Person]
    post_ids: list[str]


async def seed(
    store: Store,
    count: int,
    people: Sequence[Person],
    *,
    world: World | None = None,
    read: Read | None = None,
    key: str = "",
    now: datetime | None = None,
) -> Seeded:
    """An organization whose people have published posts with `count` destinations in all.

    The store has to be migrated and without a sandbox organization. With `world` the native posts are there
    too; write it when all is seeded. `now`: by the clock that the server will have, the world's if there is
    one.
    """
    now = now or (world.clock.now() if world else datetime.now(UTC))
    owner = await owner_of(store, people, now, key=key)
    if world is not None:
        stand(world, people, placed(people, count, now))
    post_ids = await fill(store, owner, people, placed(people, count, now), now, read)
    return Seeded(owner, people, post_ids)
