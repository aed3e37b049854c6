"""Publishing: schedules, approval, options per destination, who works on what, renewals of tokens"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    workers()
    connections()
    posts()
    destinations()


def workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )


def connections() -> None:
    with op.batch_alter_table("connections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("facts", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("publish_after", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("granted_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("renew_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("renewing_until", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_connections_renew_at"), ["renew_at"], unique=False)


def posts() -> None:
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("media_facts", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("scheduled_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("notes", sa.Text(), nullable=True))


def destinations() -> None:
    with op.batch_alter_table("destinations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("text", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("options", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("announced", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("started_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("holder", sa.String(length=36), nullable=True))
        batch_op.drop_column("lease_until")
        batch_op.create_index(
            batch_op.f("ix_destinations_next_attempt_at"), ["next_attempt_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_destinations_holder"), ["holder"], unique=False)
        batch_op.create_unique_constraint(
            batch_op.f("uq_destinations_connection_id_native_id"), ["connection_id", "native_id"]
        )
    # What was under way before has no time to come again yet: it is due at once.
    op.execute(
        "UPDATE destinations SET next_attempt_at = 0 "
        "WHERE status IN ('processing', 'unknown') AND next_attempt_at IS NULL"
    )
