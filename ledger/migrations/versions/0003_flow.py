"""Keep what flowed in each five minutes, so that nobody has to count a whole day for every look at it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "flow_slots",
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("posted", sa.Integer(), nullable=False),
        sa.Column("took", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("begins_at", name=op.f("pk_flow_slots")),
    )


def downgrade() -> None:
    op.drop_table("flow_slots")
