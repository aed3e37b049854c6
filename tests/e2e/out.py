"""Posts that are out already: natives in the simulated networks, and the rows that publishing leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bench.natives import NATIVES, put
from sqlalchemy import insert, select

from sextant.collecting.keeping import never_read
from sextant.store import connections, readings, rounds, tables
from sextant.store.rows import new_id
from tests.e2e.client import Client
from tests.e2e.stories import world


@dataclass(frozen=True, slots=True)
class Out:
    post_id: str
    destination_id: str
    connection_id: str
    native_id: str


async def put_out(
    client: Client,
    platform: str,
    ages_s: Sequence[float],
    *,
    due_s: float = 0.0,
    read_s: float | None = None,
    connection_id: str = "",
) -> list[Out]:
    """A post of each of these ages on an account, due in so many seconds.

    `read_s`: how long ago it was read last; None: never.
    """
    up, known = client.up.services, await client.accounts(platform)
    connection_id, now = connection_id or known[0], up.clock.now()
    async with up.store.read() as db:
        account = await connections.by_id(db, connection_id)
    assert account is not None
    here = world(client)
    person = here.accounts(platform)[known.index(connection_id)].id
    async with up.store.read() as db:
        count = len((await db.execute(select(tables.destinations.c.id))).all())
    made = []
    for place, age_s in enumerate(ages_s):
        at = now - timedelta(seconds=age_s)
        native_id = NATIVES[platform].id(account.native_id, count + place)
        put(here, platform, person, account.native_id, native_id, at.timestamp())
        made.append((Out(new_id(), new_id(), connection_id, native_id), at))
    async with up.store.write() as db:
        for out, at in made:
            await db.execute(
                insert(tables.posts).values(
                    id=out.post_id,
                    organization_id=account.organization_id,
                    text="out",
                    media_urls=[],
                    status="posted",
                    created_at=at,
                    published_at=at,
                    body_hash="",
                )
            )
            await db.execute(
                insert(tables.destinations).values(
                    id=out.destination_id,
                    post_id=out.post_id,
                    connection_id=connection_id,
                    position=0,
                    platform=platform,
                    kind=NATIVES[platform].kind,
                    status="posted",
                    native_id=out.native_id,
                    published_at=at,
                    attempts=1,
                    updated_at=now,
                )
            )
            due = now + timedelta(seconds=due_s)
            reading = never_read(out.destination_id, connection_id, due)
            if read_s is not None:
                reading = replace(reading, as_of=now - timedelta(seconds=read_s))
            await readings.save(db, [reading])
            await rounds.expect(db, connection_id, platform, due)
    return [out for out, _ in made]
