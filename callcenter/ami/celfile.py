"""The rows of a CEL file as `cel_custom.conf` of asterisk-conf has it written."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from callcenter.ami.cel import CelRow, extra_of

_COLUMNS = 14


def rows(lines: Iterable[str]) -> Iterator[CelRow]:
    """One a line; a line that is none (cut by a crash, of another mapping) is passed over."""
    for fields in csv.reader(lines):
        if len(fields) == _COLUMNS and (at := _moment(fields[1])):
            type_, _, uniqueid, linkedid, channel, _, number, name, _, exten, context, app, data, extra = fields
            yield CelRow(
                type=type_,
                at=at,
                uniqueid=uniqueid,
                linkedid=linkedid or uniqueid,
                channel=channel,
                number=number,
                name=name,
                exten=exten,
                context=context,
                app=app,
                data=data,
                extra=extra_of(extra),
            )


def _moment(epoch: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        return None
