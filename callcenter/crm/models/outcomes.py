"""What can come of a talk, and what came."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.crm.models.base import Row
from callcenter.tables import Base, UtcDateTime


class OutcomeCode(Row):
    """What can come of a talk. ``labels`` by language; ``comment`` is none, optional or required, of ``comment_min``
    characters at least where there is one; ``follow_up``: only with a call back that is promised; ``key`` a digit.

    A group (``is_group``) holds others and is not chosen. ``confirm``: a second stroke logs it. ``needs``: fields of
    the card that must not be empty. ``system``: the key of its own, ""; ``call_back_min``: the call back that is
    proposed; ``set_status``: what the customer becomes; ``webhook_url``: who is told, signed with ``webhook_secret``;
    ``template_id``: the message that is made ready.
    """

    __tablename__ = "outcome_codes"
    code: Mapped[str] = mapped_column(Text, unique=True)
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(Text, default="optional")
    comment_min: Mapped[int] = mapped_column(default=0)
    follow_up: Mapped[bool] = mapped_column(default=False)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("outcome_codes.id"))
    is_group: Mapped[bool] = mapped_column(default=False)
    confirm: Mapped[bool] = mapped_column(default=False)
    do_not_call: Mapped[bool] = mapped_column(default=False)
    needs: Mapped[list[str]] = mapped_column(JSON, default=list)
    system: Mapped[str] = mapped_column(Text, default="")
    call_back_min: Mapped[int | None]
    set_status: Mapped[str] = mapped_column(Text, default="")
    webhook_url: Mapped[str] = mapped_column(Text, default="")
    webhook_secret: Mapped[str] = mapped_column(Text, default="")
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey("message_templates.id"))
    key: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class OutcomeRow(Row):
    """How a debt was settled: logged with a code, or waived with a reason in ``comment``. ``by_id`` None: by the rule
    for short calls, automatic with its code, or waived."""

    __tablename__ = "outcomes"
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    code_id: Mapped[UUID | None] = mapped_column(ForeignKey("outcome_codes.id"))
    comment: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class OutcomeExtra(Base):
    """A code that an outcome has beside its primary one, by which reports count."""

    __tablename__ = "outcome_extras"
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"), primary_key=True)
    code_id: Mapped[UUID] = mapped_column(ForeignKey("outcome_codes.id"), primary_key=True)
    position: Mapped[int]


class DoNotCall(Row):
    """A customer who is not to be called, or a number that is on no card. ``segment_id``: the talk whose outcome says
    so, None where somebody wrote it on the card; ``by_id`` None: no person did."""

    __tablename__ = "do_not_call"
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"), index=True)
    number_id: Mapped[UUID | None] = mapped_column(ForeignKey("phone_numbers.id"), index=True)
    segment_id: Mapped[UUID | None] = mapped_column(ForeignKey("segments.id"), index=True)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    why: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Deferral(Row):
    """An outcome that was put off; it stands while its segment is ``deferred``. ``why``: agent, handed or release.
    ``holder_id`` logs it, until ``until`` at the latest."""

    __tablename__ = "deferrals"
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segments.id"), unique=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    why: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class QueueRelease(Row):
    """For a limited time nobody is kept from his next call for what he owes for this queue."""

    __tablename__ = "queue_releases"
    __table_args__ = (UniqueConstraint("pbx", "queue"),)
    pbx: Mapped[str] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
