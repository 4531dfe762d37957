"""Refunds are found by the SKU of a line."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("ix_refund_lines_sku", "refund_lines", ["sku", "refund_id"])


def downgrade() -> None:
    op.drop_index("ix_refund_lines_sku", "refund_lines")
