"""How soon missed callers of a queue are called back is said of a PBX's queue: two PBXs may have one of the same name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_POLICIES = sa.table("policies", sa.column("key", sa.Text()), sa.column("value", sa.JSON()))
_QUEUES = sa.table("queues", sa.column("pbx", sa.Text()), sa.column("name", sa.Text()))
_TASKS = sa.select(_POLICIES.c.value).where(_POLICIES.c.key == "tasks")


def upgrade() -> None:
    for value in op.get_bind().scalars(_TASKS).all():
        met = op.get_bind().execute(sa.select(_QUEUES.c.pbx, _QUEUES.c.name)).all()
        said = value.get("queues", {})
        _write(value | {"queues": [{"pbx": p, "queue": q, "minutes": said[q]} for p, q in met if q in said]})


def downgrade() -> None:
    for value in op.get_bind().scalars(_TASKS).all():
        _write(value | {"queues": {rule["queue"]: rule["minutes"] for rule in value.get("queues", [])}})


def _write(value: object) -> None:
    op.execute(sa.update(_POLICIES).where(_POLICIES.c.key == "tasks").values(value=value))
