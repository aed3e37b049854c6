"""History: one narrow row for each change of the 13 numbers"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEYS = (
    "likes",
    "comments",
    "shares",
    "impressions",
    "views",
    "video_views",
    "video_viewers",
    "video_watch_time_ms",
    "engagement",
    "clicks",
    "saves",
    "bookmarks",
    "quotes",
)


def upgrade() -> None:
    series()
    history()


def series() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("destination_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"],
            ["destinations.id"],
            name=op.f("fk_series_destination_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("destination_id", name=op.f("uq_series_destination_id")),
    )


def history() -> None:
    op.create_table(
        "history",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("unseen_s", sa.Integer(), nullable=True),
        *(sa.Column(key, sa.BigInteger(), nullable=True) for key in KEYS),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_history_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_history")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_history_series_id_at", "history", ["series_id", "at"], unique=False)
