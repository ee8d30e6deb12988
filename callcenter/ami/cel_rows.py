"""A row of channel event logging (CEL), and the messages that say nothing but what one row does. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from callcenter.ami import messages as m

_UNKNOWN: Final = "<unknown>"


@dataclass(frozen=True, slots=True, kw_only=True)
class CelRow:
    """One event. ``extra`` is its JSON, whose keys depend on ``type``; ``at`` is in UTC."""

    type: str
    at: datetime
    uniqueid: str
    linkedid: str
    channel: str
    number: str
    name: str
    exten: str
    context: str
    app: str
    data: str
    extra: Mapping[str, Any]
    dnid: str = ""

    @property
    def stamp(self) -> dict[str, Any]:
        return {"at": self.at, "mono": self.at.timestamp()}


def extra_of(text: str) -> Mapping[str, Any]:
    """The JSON of a row's last column; nothing where it is none."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def state_of(row: CelRow, state: str) -> m.ChannelState:
    return m.ChannelState(**row.stamp, uniqueid=row.uniqueid, linkedid=row.linkedid, state=state)


def new_channel(row: CelRow, state: str) -> m.NewChannel:
    return m.NewChannel(
        **row.stamp,
        uniqueid=row.uniqueid,
        linkedid=row.linkedid,
        channel=row.channel,
        state=state,
        number="".join(c for c in row.number if c.isprintable()) or _UNKNOWN,
        name="".join(c for c in row.name if c.isprintable()),
        exten=row.dnid if row.exten == "" else row.exten,
        context=row.context,
    )
