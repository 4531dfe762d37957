"""Orders are found by the record that NetSuite billed them with."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("ix_order_links_billed", "order_links", ["billed_id"])


def downgrade() -> None:
    op.drop_index("ix_order_links_billed", "order_links")
