"""Collecting: when posts are read next, what accounts wait for, what was spent, what a call is worth"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    readings()
    rounds()
    tallies()
    prices()
    expect_what_is_out()


def readings() -> None:
    """A reading knows its account: for those that are there it is looked up."""
    op.add_column("readings", sa.Column("connection_id", sa.String(length=36), nullable=True))
    op.execute(
        "UPDATE readings SET connection_id = "
        "(SELECT connection_id FROM destinations WHERE destinations.id = readings.destination_id)"
    )
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.alter_column("connection_id", existing_type=sa.String(length=36), nullable=False)
        batch_op.add_column(sa.Column("pace", sa.Float(), nullable=False, server_default=sa.text("1")))
        for name in ("lag_s", "hour_s", "found_s"):
            batch_op.add_column(sa.Column(name, sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("late_out", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.create_index(
            "ix_readings_connection_id_next_refresh_at", ["connection_id", "next_refresh_at"], unique=False
        )
        batch_op.create_foreign_key(
            "fk_readings_connection_id", "connections", ["connection_id"], ["id"], ondelete="CASCADE"
        )


def rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.Column("held_by_ceiling", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("holder", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_rounds_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_rounds")),
    )
    op.create_index(op.f("ix_rounds_due_at"), "rounds", ["due_at"], unique=False)


def tallies() -> None:
    op.create_table(
        "tallies",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=36), nullable=False),
        sa.Column("allowance", sa.String(length=48), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "scope", "allowance", "begins", name=op.f("pk_tallies")),
    )


def prices() -> None:
    op.create_table(
        "prices",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=36), nullable=False),
        sa.Column("price", sa.Float(), nullable=False),
        sa.Column("priced_at", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "scope", name=op.f("pk_prices")),
    )


def expect_what_is_out() -> None:
    """Every post that is out is read by itself from now on, also one that nobody has asked for."""
    op.execute(
        "INSERT INTO readings (destination_id, connection_id, raw, refused, failures, next_refresh_at) "
        "SELECT id, connection_id, '{}', '{}', 0, published_at FROM destinations "
        "WHERE status = 'posted' AND native_id IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM readings WHERE readings.destination_id = destinations.id)"
    )
    op.execute(
        "INSERT INTO rounds (connection_id, platform, due_at) "
        "SELECT connections.id, connections.platform, min(readings.next_refresh_at) FROM connections "
        "JOIN readings ON readings.connection_id = connections.id "
        "GROUP BY connections.id, connections.platform"
    )
