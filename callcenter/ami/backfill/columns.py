"""Columns to rows: what a file's line or a table's row says, whoever laid the columns out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from callcenter.ami.backfill.rows import CdrRow, QueueRow, Wall
from callcenter.ami.cel_rows import CelRow, extra_of

OUR_CEL: Final = (
    *("eventtype", "eventtime", "uniqueid", "linkedid", "channame", "peer", "cid_num", "cid_name", "cid_dnid"),
    *("exten", "context", "appname", "appdata", "extra"),
)
"""asterisk-conf/cel_custom.conf."""
SAMPLE_CEL: Final = (
    *("eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context"),
    *("channame", "appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield"),
    *("userdeftype", "extra"),
)
"""The mapping that Asterisk's own sample of cel_custom.conf shows."""
CSV_CDR: Final = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start"),
    *("answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield"),
)
"""What cdr_csv writes."""
CEL_EVENTS: Final = (
    *("", "CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "PARK_START", "PARK_END"),
    *("USER_DEFINED", "BRIDGE_ENTER", "BRIDGE_EXIT", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD"),
    *("LINKEDID_END", "LOCAL_OPTIMIZE"),
)
_EPOCH: Final = 100_000_000
_SPELT: Final = {
    "channel_name": "channame",
    "app_name": "appname",
    "app_data": "appdata",
    "unique_id": "uniqueid",
    "linked_id": "linkedid",
    "cidname": "cid_name",
    "cidnum": "cid_num",
    "ciddnid": "cid_dnid",
    "calldate": "start",
    "eventextra": "extra",
}
Fields = Mapping[str, Any]


def spelt(name: str) -> str:
    """The name by which a column is known here."""
    return _SPELT.get(name.lower(), name.lower())


def cel_columns(width: int) -> Sequence[str] | None:
    """By how many there are; None: neither of the two."""
    if width == len(OUR_CEL):
        return OUR_CEL
    return SAMPLE_CEL[:width] if len(SAMPLE_CEL) - 1 <= width <= len(SAMPLE_CEL) else None


def cel(fields: Fields, wall: Wall) -> CelRow | None:
    """A channel event; None: no moment or no channel in it."""
    event, uniqueid = _event(fields.get("eventtype")), _text(fields, "uniqueid")
    at = moment(fields.get("eventtime"), uniqueid, wall, first=event == "CHAN_START")
    if at is None or not uniqueid:
        return None
    return CelRow(
        type=event,
        at=at,
        uniqueid=uniqueid,
        linkedid=_text(fields, "linkedid") or uniqueid,
        channel=_text(fields, "channame"),
        number=_text(fields, "cid_num"),
        name=_text(fields, "cid_name"),
        dnid=_text(fields, "cid_dnid"),
        exten=_text(fields, "exten"),
        context=_text(fields, "context"),
        app=_text(fields, "appname"),
        data=_text(fields, "appdata"),
        extra=extra_of(_text(fields, "extra")),
    )


def cdr(fields: Fields, wall: Wall) -> CdrRow | None:
    """A call detail record; None: no moment or no channel in it."""
    uniqueid = _text(fields, "uniqueid")
    at = moment(fields.get("start"), uniqueid, wall, first=True)
    if at is None or not uniqueid:
        return None
    duration, billed = _seconds(fields, "duration"), _seconds(fields, "billsec")
    ended = moment(fields.get("end"), uniqueid, wall, first=False) or at + duration
    answered = moment(fields.get("answer"), uniqueid, wall, first=False)
    if answered is None and _text(fields, "disposition").upper() == "ANSWERED":
        answered = ended - billed
    return CdrRow(
        at=at,
        answered_at=answered,
        ended_at=ended,
        uniqueid=uniqueid,
        linkedid=_text(fields, "linkedid") or uniqueid,
        source=_text(fields, "cnum") or _text(fields, "src"),
        name=_text(fields, "cnam") or _text(fields, "clid").rpartition("<")[0].strip().strip('"'),
        dialled=_text(fields, "did") or _text(fields, "dst"),
        channel=_text(fields, "channel"),
        to_channel=_text(fields, "dstchannel"),
        app=_text(fields, "lastapp"),
        data=_text(fields, "lastdata"),
        disposition=_text(fields, "disposition").upper(),
        recording=_text(fields, "recordingfile"),
    )


def queue_line(fields: Sequence[str], wall: Wall) -> QueueRow | None:
    """A line of the queue log, split at its bars."""
    if len(fields) < 5:
        return None
    at = moment(fields[0], fields[1], wall, first=False)
    if at is None:
        return None
    return QueueRow(
        at=at, uniqueid=fields[1], queue=fields[2], agent=fields[3], event=fields[4], data=tuple(fields[5:])
    )


def moment(value: object, uniqueid: str, wall: Wall, *, first: bool) -> datetime | None:
    """A moment as it stands in a column: seconds since 1970, or date and time with or without a zone."""
    if isinstance(value, datetime):
        found = value
    else:
        text = str(value or "").strip()
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if number > _EPOCH:
            seconds, _, micros = text.partition(".")
            return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int((micros + "000000")[:6]))
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return None
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    return wall.moment(found, uniqueid, first=first)


def _event(value: object) -> str:
    text = str(value or "").strip().upper()
    known = text.isdigit() and int(text) < len(CEL_EVENTS)
    return CEL_EVENTS[int(text)] if known else text


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value)


def _seconds(fields: Fields, name: str) -> timedelta:
    try:
        return timedelta(seconds=float(_text(fields, name)))
    except ValueError:
        return timedelta()
