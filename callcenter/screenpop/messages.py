"""The websocket's messages. Extra fields are refused both ways: an undeclared one is a bug of the contract."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from callcenter.crm.missed_lines import MissedLine
from callcenter.errors import Invalid
from callcenter.routing.queues import QueueNow
from callcenter.routing.unowned import Unowned
from callcenter.screenpop.changes import Change
from callcenter.screenpop.shown import BoardView, Desk

PROTOCOL: Final = 1
_LONGEST_PAINT_MS: Final = 600_000.0


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hello(_Message):
    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    build: str


class Snapshot(_Message):
    """``seq`` is the number of the last change that is in it."""

    type: Literal["snapshot"] = "snapshot"
    seq: int
    board: BoardView


class Floor(_Message):
    """All agents with a desk or a debt, all queues with the day's figures, missed callers who wait for a call back, and
    the talks that are nobody's; sent whole, outside the numbering, ten times a second at most."""

    type: Literal["floor"] = "floor"
    agents: tuple[Desk, ...]
    queues: tuple[QueueNow, ...]
    unowned: tuple[Unowned, ...]
    missed: tuple[MissedLine, ...]


class FloorChange(_Message):
    """What is different since the last ``Floor`` or ``FloorChange``, for who asked for changes: ``agents`` as they are
    now, ``gone`` ones by id, and each of the rest where it is different at all."""

    type: Literal["floor_change"] = "floor_change"
    agents: tuple[Desk, ...] = ()
    gone: tuple[UUID, ...] = ()
    queues: tuple[QueueNow, ...] | None = None
    unowned: tuple[Unowned, ...] | None = None
    missed: tuple[MissedLine, ...] | None = None


class Painted(_Message):
    """The browser's own measure from receipt of a pop to its paint."""

    type: Literal["painted"]
    pop: UUID
    paint_ms: float = Field(ge=0, le=_LONGEST_PAINT_MS)


class Resume(_Message):
    """The tab lost count: it gets a snapshot."""

    type: Literal["resume"]
    seq: int = Field(ge=0)


class Subscribe(_Message):
    """A supervisor wants to see the floor; with ``changes``: whole once, then what is different."""

    type: Literal["subscribe"]
    topic: Literal["floor"]
    changes: bool = False


ClientMessage = Annotated[Painted | Resume | Subscribe, Field(discriminator="type")]
_CLIENT: Final[TypeAdapter[Painted | Resume | Subscribe]] = TypeAdapter(ClientMessage)
CHANGE: Final[TypeAdapter[Change]] = TypeAdapter(Annotated[Change, Field(discriminator="change")])
BOARD: Final[TypeAdapter[BoardView]] = TypeAdapter(BoardView)


def body(change: Change) -> bytes:
    """A change without its head: made once, sent to many tabs under each one's own number."""
    return CHANGE.dump_json(change)[1:]


def frame(seq: int, body: bytes) -> bytes:
    """The numbered message of a body."""
    return b'{"type":"change","seq":%d,%s' % (seq, body)


def parse(text: str) -> Painted | Resume | Subscribe:
    """What a tab said. Raises Invalid."""
    try:
        return _CLIENT.validate_json(text)
    except ValidationError:
        raise Invalid("not a message of this protocol", code="bad_message") from None
