"""What counting recordings against calls has found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import UtcDateTime


class TallyRow(Row):
    """A count of the calls that ended from ``from_at`` up to ``to_at``. ``answered`` is the sum of the five behind it;
    ``strays``: files without a call, ``linked``: those of them that were given to their call. ``by_id`` None: it was
    made by night. ``finished_at`` None: it goes on, or was cut off."""

    __tablename__ = "tallies"
    __table_args__ = (Index("ix_tallies_started", "started_at"),)
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    night: Mapped[bool] = mapped_column(default=False)
    answered: Mapped[int] = mapped_column(default=0)
    present: Mapped[int] = mapped_column(default=0)
    excused: Mapped[int] = mapped_column(default=0)
    delayed: Mapped[int] = mapped_column(default=0)
    lost: Mapped[int] = mapped_column(default=0)
    unexplained: Mapped[int] = mapped_column(default=0)
    strays: Mapped[int] = mapped_column(default=0)
    linked: Mapped[int] = mapped_column(default=0)


class FindingRow(Row):
    """An answered call without a recording, or a file without a call (``call_id`` None). ``thing``: the call's id, or
    the PBX's name of the file; ``at``: when the call began, or the file was last written to; ``reason`` is of the
    closed list, ``fate`` what it means (``absence.Fate``, or ``stray``). ``tally_id``: the count that saw it last."""

    __tablename__ = "tally_findings"
    __table_args__ = (UniqueConstraint("pbx", "thing"), Index("ix_tally_findings_at", "at", "id"))
    tally_id: Mapped[UUID] = mapped_column(ForeignKey("tallies.id"), index=True)
    pbx: Mapped[str] = mapped_column(Text)
    thing: Mapped[str] = mapped_column(Text)
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("calls.id"), index=True)
    queue: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text)
    fate: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
