"""The latest raw reading of each destination, and how the last attempt to read it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.rows import columns, many
from sextant.store.tables import readings


@dataclass(frozen=True, slots=True)
class StoredReading:
    """`as_of`: when the numbers were true; None when nothing was ever read.

    `refused`: {key: [reason, message]}. `fault`: {code, message, partial} of the last attempt, None when it
    went well; `partial` means that numbers came all the same. `failures`: failed attempts in a row.
    """

    destination_id: str
    as_of: datetime | None
    raw: dict[str, Any]
    url: str | None
    refused: dict[str, list[str]]
    fault: dict[str, Any] | None
    failures: int
    retry_at: datetime | None
    refreshed_at: datetime | None
    next_refresh_at: datetime | None


async def of(db: AsyncConnection, destination_ids: Sequence[str]) -> dict[str, StoredReading]:
    query = select(*columns(readings, StoredReading)).where(readings.c.destination_id.in_(destination_ids))
    return {reading.destination_id: reading for reading in many(StoredReading, await db.execute(query))}


async def save(db: AsyncConnection, reading: StoredReading) -> None:
    """Keeps a reading in the place of the one before it."""
    values = {f.name: getattr(reading, f.name) for f in fields(reading) if f.name != "destination_id"}
    query = update(readings).where(readings.c.destination_id == reading.destination_id).values(**values)
    if (await db.execute(query)).rowcount == 0:
        await db.execute(insert(readings).values(destination_id=reading.destination_id, **values))
