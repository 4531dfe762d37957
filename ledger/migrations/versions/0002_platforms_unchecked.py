"""Let the code alone say which platforms there are, so that a further one needs no revision."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_DIRECTION = ("ck_accounts_direction", "direction IN ('to_netsuite', 'from_netsuite')")
_PLATFORM = ("ck_accounts_platform", "platform IN ('shopify', 'magento', 'amazon', 'ebay')")


def upgrade() -> None:
    if _is_sqlite():
        _make_anew(_DIRECTION)
    else:
        # Not `op.drop_constraint`: on SQLAlchemy 2.1 the lowest Alembic allowed warns of itself there.
        op.execute(f"ALTER TABLE accounts DROP CONSTRAINT {_PLATFORM[0]}")


def downgrade() -> None:
    if _is_sqlite():
        _make_anew(_DIRECTION, _PLATFORM)
    else:
        name, condition = _PLATFORM
        op.create_check_constraint(op.f(name), "accounts", condition)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _make_anew(*checks: tuple[str, str]) -> None:
    """Copy the table with these CHECKs in place of its own, since SQLite takes no constraint away."""
    table = sa.Table("accounts", sa.MetaData(), autoload_with=op.get_bind())
    table.constraints -= {each for each in table.constraints if isinstance(each, sa.CheckConstraint)}
    constraints = tuple(sa.CheckConstraint(condition, name=op.f(name)) for name, condition in checks)
    with op.batch_alter_table("accounts", recreate="always", copy_from=table, table_args=constraints):
        pass
