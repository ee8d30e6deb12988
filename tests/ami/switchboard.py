"""What a PBX would list at any moment of a captured stream: the channels, who waits in which queue, who is parked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from callcenter.ami import framing
from callcenter.ami.snapshot import Snapshot

Fields = Mapping[str, str]
_TRUNKS: Final = ("PJSIP/trunk", "PJSIP/mtt-msk")
_OF_A_CHANNEL: Final = {
    "channel": "channel",
    "linkedid": "linkedid",
    "calleridnum": "calleridnum",
    "calleridname": "calleridname",
    "exten": "exten",
    "context": "context",
    "channelstatedesc": "channelstatedesc",
}


def every_event(stream: bytes) -> list[dict[str, str]]:
    """All events of a stream that can be read, those included that say nothing to the tracker."""
    found = []
    for message in framing.Framer().feed(stream):
        try:
            fields = framing.event_fields(message.lstrip(b"\r\n"), timed=False)
        except framing.Broken:
            continue
        if "event" in fields:
            found.append(fields)
    return found


class Switchboard:
    """Folds every event of a stream, knowing nothing of the product's own reading of them."""

    def __init__(self) -> None:
        self.channels: dict[str, dict[str, str]] = {}
        self.waiting: dict[tuple[str, str], dict[str, str]] = {}
        self.parked: dict[str, dict[str, str]] = {}

    def feed(self, fields: Fields) -> None:
        uniqueid = fields.get("uniqueid", "")
        match fields["event"]:
            case "Newchannel":
                self.channels[uniqueid] = {"uniqueid": uniqueid, "born": fields.get("timestamp", "0")}
            case "Hangup":
                self.channels.pop(uniqueid, None)
            case "Shutdown":
                self.channels.clear()
                self.waiting.clear()
                self.parked.clear()
            case "BridgeEnter" if uniqueid in self.channels:
                self.channels[uniqueid]["bridgeid"] = fields["bridgeuniqueid"]
            case "BridgeLeave" if uniqueid in self.channels:
                self.channels[uniqueid].pop("bridgeid", None)
            case "Newexten" if uniqueid in self.channels:
                self.channels[uniqueid]["application"] = fields.get("application", "")
            case "DialBegin":
                self._dialled(fields)
            case "QueueCallerJoin":
                self.waiting[uniqueid, fields["queue"]] = {"uniqueid": uniqueid, "queue": fields["queue"]}
            case "QueueCallerLeave":
                self.waiting.pop((uniqueid, fields["queue"]), None)
            case "ParkedCall":
                self.parked[fields["parkeeuniqueid"]] = dict(fields)
            case "UnParkedCall" | "ParkedCallTimeOut" | "ParkedCallGiveUp":
                self.parked.pop(fields["parkeeuniqueid"], None)
            case _:
                pass
        if row := self.channels.get(uniqueid):
            row.update({ours: fields[theirs] for theirs, ours in _OF_A_CHANNEL.items() if theirs in fields})

    def _dialled(self, fields: Fields) -> None:
        source = self.channels.get(fields.get("uniqueid", ""), {})
        if row := self.channels.get(fields.get("destuniqueid", "")):
            row["application"] = "AppQueue" if source.get("application") == "Queue" else "AppDial"
            row["dialstring"] = fields.get("dialstring", "")

    def snapshot(self, at: datetime) -> Snapshot:
        """As CoreShowChannels, QueueStatus and ParkedCalls tell it, newest channel first: its own list has no order."""
        rows = [{"event": "CoreShowChannel", **row, "duration": self._duration(row, at)} for row in self._newest()]
        waiting = [{"event": "QueueEntry", **self.channels.get(row["uniqueid"], {}), **row} for row in self._queued()]
        return Snapshot(
            at=at,
            mono=at.timestamp(),
            channels=tuple(rows),
            members=(),
            waiting=tuple(waiting),
            debts={},
            dialled={uniqueid: row.get("dialstring", "") for uniqueid, row in self.channels.items() if _sent(row)},
            parked=tuple(self.parked.values()),
        )

    def _newest(self) -> list[dict[str, str]]:
        return list(reversed(self.channels.values()))

    def _queued(self) -> list[dict[str, str]]:
        return [row for row in self.waiting.values() if row["uniqueid"] in self.channels]

    @staticmethod
    def _duration(row: Fields, at: datetime) -> str:
        seconds = max(0, int(at.timestamp() - float(row["born"])))
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _sent(row: Fields) -> bool:
    """A trunk's leg that was, or is about to be, dialled."""
    return row["channel"].startswith(_TRUNKS) and ("dialstring" in row or row.get("application") == "AppDial")
