"""From a database row to a value."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


def upserting(db: AsyncConnection, table: Table) -> Any:
    """An insert that may go on with `on_conflict_do_update`, which both databases have, each as its own."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def new_id() -> str:
    return str(uuid.uuid4())


def columns(table: Table, kind: type[Any]) -> list[ColumnElement[Any]]:
    """The columns that the fields of a dataclass are named after."""
    return [table.c[field.name] for field in fields(kind)]


def one(kind: type[T], row: Row[Any] | None) -> T | None:
    return None if row is None else kind(**row._mapping)


def many(kind: type[T], rows: Iterable[Row[Any]]) -> list[T]:
    return [kind(**row._mapping) for row in rows]
