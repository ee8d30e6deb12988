"""Queues as people decided them, and who works in which."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row


class Queue(Row):
    """A queue of a PBX. ``name`` is the PBX's own, ``label`` what people read; ``service_level_s`` the target.

    ``speech``: the model that hears its talks, "" the usual one, ``off`` none.
    ``staffed``: its members are decided here (``queue_agents``), not on the PBX.
    """

    __tablename__ = "queues"
    __table_args__ = (UniqueConstraint("pbx", "name"),)
    pbx: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text, default="")
    service_level_s: Mapped[int] = mapped_column(default=20)
    speech: Mapped[str] = mapped_column(Text, default="")
    staffed: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)


class QueueAgent(Row):
    """An agent who joins this queue when he takes a desk. A lower ``penalty`` is asked first."""

    __tablename__ = "queue_agents"
    __table_args__ = (UniqueConstraint("queue_id", "agent_id"),)
    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queues.id"))
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    penalty: Mapped[int] = mapped_column(default=0)
