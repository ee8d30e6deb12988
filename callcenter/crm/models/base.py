"""What all rows have: a UUIDv7 key. Moments are UTC; every fact has one writer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from callcenter.ids import new_id
from callcenter.tables import Base


class Row(Base):
    __abstract__ = True
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
