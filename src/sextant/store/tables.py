"""Every table. Alembic's migrations are proven equal to these on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

from sextant.metrics import KEYS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A time in UTC, kept as whole microseconds since 1970: the same order and value on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=int(value))


class Millisecond(TypeDecorator[datetime]):
    """A time in UTC, kept as whole milliseconds since 1970 as answers show it: two bytes less on SQLite."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(milliseconds=int(value))


class JsonText(TypeDecorator[Any]):
    """JSON as text: keeps the order of keys and integers of any size, which jsonb does not."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[Any]:
    return Column("id", String(36), primary_key=True)


def _of(table: str, *, nullable: bool = False) -> Column[Any]:
    name = f"{table.removesuffix('s')}_id"
    return Column(
        name, String(36), ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=nullable, index=True
    )


organizations = Table(
    "organizations",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("slug", String(80), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _of("organizations"),
    Column("name", Text, nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scope", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)

connections = Table(
    "connections",
    metadata,
    _id(),
    _of("organizations"),
    Column("platform", String(32), nullable=False),
    Column("login", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("native_id", Text, nullable=False),
    Column("account_name", Text, nullable=False),
    Column("account_username", Text),
    Column("profile_url", Text),
    Column("avatar_url", Text),
    Column("connection_name", Text),
    Column("sealed_grant", Text),
    Column("status", String(32), nullable=False),
    Column("status_message", Text),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("facts", JsonText),
    Column("publish_after", Moment),
    Column("granted_at", Moment),
    Column("renew_at", Moment, index=True),
    Column("renewing_until", Moment),
    UniqueConstraint("organization_id", "platform", "native_id"),
)

connect_sessions = Table(
    "connect_sessions",
    metadata,
    _id(),
    _of("organizations"),
    Column("platform", String(32), nullable=False),
    Column("connection_name", Text),
    Column("redirect_url", Text),
    Column("state_hash", String(64), unique=True),
    Column("sealed_verifier", Text),
    Column("sealed_choices", Text),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

posts = Table(
    "posts",
    metadata,
    _id(),
    _of("organizations"),
    Column("text", Text, nullable=False),
    Column("media_urls", JsonText, nullable=False),
    Column("status", String(32), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("published_at", Moment),
    Column("idempotency_key", String(255)),
    Column("body_hash", String(64), nullable=False),
    Column("media_facts", JsonText),
    Column("scheduled_at", Moment),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("notes", Text),
    UniqueConstraint("organization_id", "idempotency_key"),
    Index("ix_posts_newest", "organization_id", "created_at", "id"),
)

destinations = Table(
    "destinations",
    metadata,
    _id(),
    _of("posts"),
    _of("connections"),
    Column("position", Integer, nullable=False),
    Column("platform", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(32), nullable=False, index=True),
    Column("native_id", Text),
    Column("native_video_id", Text),
    Column("post_url", Text),
    Column("published_at", Moment),
    Column("checkpoint", JsonText),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment, index=True),
    Column("error_code", String(32)),
    Column("error_message", Text),
    Column("updated_at", Moment, nullable=False),
    Column("text", Text),
    Column("options", JsonText),
    Column("announced", Boolean, nullable=False, server_default=false()),
    Column("started_at", Moment),
    Column("holder", String(36), index=True),
    UniqueConstraint("post_id", "position"),
    UniqueConstraint("connection_id", "native_id"),
)

workers = Table(
    "workers",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
)

readings = Table(
    "readings",
    metadata,
    Column(
        "destination_id",
        String(36),
        ForeignKey("destinations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("connection_id", String(36), ForeignKey("connections.id", ondelete="CASCADE"), nullable=False),
    Column("as_of", Moment),
    Column("raw", JsonText, nullable=False),
    Column("url", Text),
    Column("refused", JsonText, nullable=False),
    Column("fault", JsonText),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Moment),
    Column("refreshed_at", Moment),
    Column("next_refresh_at", Moment),
    Column("pace", Float, nullable=False, server_default=text("1")),
    Column("lag_s", Float),
    Column("hour_s", Float),
    Column("found_s", Float),
    Column("late_out", Boolean, nullable=False, server_default=true()),
    Index("ix_readings_connection_id_next_refresh_at", "connection_id", "next_refresh_at"),
)
"""`pace` to `late_out`: what the readings so far have told the planner (planning.Growth)."""

rounds = Table(
    "rounds",
    metadata,
    Column("connection_id", String(36), ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    Column("platform", String(32), nullable=False),
    Column("due_at", Moment, index=True),
    Column("held_until", Moment),
    Column("held_by_ceiling", Boolean, nullable=False, server_default=false()),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("holder", String(36)),
)
"""An account whose posts are read. `due_at`: no later than the first of its readings is due."""

tallies = Table(
    "tallies",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("scope", String(36), primary_key=True),
    Column("allowance", String(48), primary_key=True),
    Column("begins", Moment, primary_key=True),
    Column("spent", BigInteger, nullable=False),
)
"""What reading has taken of an allowance in a window. `scope`: a connection's id, empty for the app."""

prices = Table(
    "prices",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("scope", String(36), primary_key=True),
    Column("price", Float, nullable=False),
    Column("priced_at", Moment, nullable=False),
    Column("marks", JsonText, nullable=False),
)
"""What a call has to be worth (planning.py). `marks`: what was spent when it was last priced."""

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "destination_id",
        String(36),
        ForeignKey("destinations.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
)
"""A small number for each destination that has a history: rows are narrower by 32 bytes for it."""

history = Table(
    "history",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Millisecond, nullable=False),
    Column("series_id", Integer, ForeignKey("series.id", ondelete="CASCADE"), nullable=False),
    Column("unseen_s", Integer),
    *(Column(key, BigInteger) for key in KEYS),
    Index("ix_history_series_id_at", "series_id", "at"),
    sqlite_autoincrement=True,
)
"""One row per change of the 13 numbers. Wide columns first: Postgres aligns them without padding.

`position`: never used twice. `unseen_s`: for how long before `at` the numbers before it had not been seen.
"""

calls = Table(
    "calls",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Millisecond, nullable=False, index=True),
    Column("posts", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("platform", String(32), nullable=False),
    Column("connection_id", String(36)),
    Column("method", String(16), nullable=False),
    Column("endpoint", String(120), nullable=False),
    Column("outcome", String(32), nullable=False),
    sqlite_autoincrement=True,
)
"""The ledger: one row per request to a network. What was asked stays asked when a connection is gone, so
`connection_id` is no foreign key: nothing here holds up a deletion, and no deletion an entry."""
