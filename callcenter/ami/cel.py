"""Channel event logging (CEL) told as the messages the manager would have sent of the same calls. Pure.

https://docs.asterisk.org/Configuration/Reporting/Channel-Event-Logging-CEL/ - CEL says nothing of dialling and
ringing: a channel is dialled by the channel of its family whose Dial or Queue runs and which talks with nobody yet, and
rings from its start. Nor does it say why a queue was left without an answer, but the queue log does; without one, who
hung up gave up and who went on in the dialplan, or was hung up by it, was given back. A message left in a mailbox is
not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final, TypeAlias

from callcenter.ami import messages as m
from callcenter.ami.cel_hand_overs import HAND_OVERS
from callcenter.ami.cel_rows import CelRow, new_channel, state_of
from callcenter.events import QueueResult

Verdicts: TypeAlias = Mapping[tuple[str, str], QueueResult]
"""Why callers left queues, by Uniqueid and queue, where the queue log says so."""
_DIALLING: Final = frozenset({"Dial", "Queue"})
_RUNG: Final = "s"
"""Where a channel begins that was rung, by the PBX itself where it is the first of its family. Who dials begins at what
he dialled."""
_HOLDING: Final = "holding_bridge"
_HIDDEN: Final = "CC_HIDDEN"
_UNREACHABLE: Final = "CC_UNREACHABLE"
_DECLINED: Final = "CC_DECLINED"
"""Events by which our hook says that the caller hides his number, that a phone has no address, and that he does not
want to be recorded."""
_SENT_ON: Final = 23
_DIALPLAN: Final = "dialplan/"
_MOMENT: Final = timedelta(milliseconds=50)


@dataclass(slots=True)
class _Channel:
    uniqueid: str
    linkedid: str
    apps: list[tuple[int, CelRow]] = field(default_factory=list)
    bridged: bool = False
    gone: bool = False
    dialled: bool = False
    answered: bool = False
    left: CelRow | None = None


class Translation:
    """Folds the rows of one PBX, oldest first. ``spool`` is where it keeps recordings whose name is no whole path."""

    def __init__(self, spool: str, verdicts: Verdicts | None = None) -> None:
        self._verdicts = verdicts or {}
        self._unanswered: list[tuple[CelRow, int]] = []
        self._born: dict[str, CelRow] = {}
        self._spool = spool.rstrip("/")
        self._channels: dict[str, _Channel] = {}
        self._begun = 0
        self._names: dict[str, str] = {}
        self._rules: Mapping[str, Callable[[CelRow], Iterable[m.Message]]] = {
            "CHAN_START": self._started,
            "ANSWER": self._answered,
            "USER_DEFINED": self._user_defined,
            _HIDDEN: self._user_defined,
            _UNREACHABLE: self._user_defined,
            _DECLINED: self._user_defined,
            "APP_START": self._app_started,
            "APP_END": self._app_ended,
            "BRIDGE_ENTER": self._entered,
            "BRIDGE_EXIT": self._left,
            **{kind: partial(told, self._names) for kind, told in HAND_OVERS.items()},
            "HANGUP": self._hung_up,
            "CHAN_END": self._ended,
        }

    def told(self, row: CelRow) -> Iterator[m.Message]:
        """The messages of one row."""
        rule = self._rules.get(row.type)
        yield from self._rung(row)
        yield from self._gave_up(row)
        if rule and row.uniqueid:
            yield from self._left_queue(row)
            yield from rule(row)

    def _rung(self, row: CelRow) -> Iterator[m.Message]:
        """A phone that sends its calls on (SIP 302) does so at once, and has not rung."""
        if row.extra.get("hangupcause") == _SENT_ON:
            self._born.pop(row.uniqueid, None)
        for born in [b for b in self._born.values() if b.uniqueid == row.uniqueid or row.at - b.at > _MOMENT]:
            yield state_of(self._born.pop(born.uniqueid), "Ringing")

    def rest(self) -> Iterator[m.Message]:
        """What was kept back for the row that follows, if none does."""
        over, self._unanswered = self._unanswered, []
        for row, cause in over:
            yield m.Hangup(**row.stamp, uniqueid=row.uniqueid, cause=cause)

    def _gave_up(self, row: CelRow) -> Iterator[m.Message]:
        """A leg that rings in vain ends before the caller who hung up does: whose doing it was shows a moment later."""
        if not self._unanswered:
            return
        by_himself = row.type == "HANGUP" and row.extra.get("hangupsource") == row.channel
        if by_himself:
            yield m.HangupRequested(**row.stamp, uniqueid=row.uniqueid)
        if by_himself or row.type == "LINKEDID_END" or row.at - self._unanswered[0][0].at > _MOMENT:
            yield from self.rest()

    def _left_queue(self, row: CelRow) -> Iterator[m.Message]:
        channel = self._channels.get(row.uniqueid)
        if channel is None or channel.left is None or row.type == "BRIDGE_EXIT":
            return
        left, channel.left = channel.left, None
        queue = left.data.split(",", 1)[0]
        by_dialplan = str(row.extra.get("hangupsource", "")).startswith(_DIALPLAN)
        if row.type in ("HANGUP", "CHAN_END") and not by_dialplan:
            yield m.CallerAbandoned(**left.stamp, uniqueid=row.uniqueid, queue=queue)
        else:
            yield m.QueueEnded(**left.stamp, uniqueid=row.uniqueid, result=QueueResult.EXIT)

    def _started(self, row: CelRow) -> Iterator[m.Message]:
        self._channels[row.uniqueid] = _Channel(uniqueid=row.uniqueid, linkedid=row.linkedid)
        self._names[row.channel] = row.uniqueid
        came = row.uniqueid == row.linkedid
        yield new_channel(row, "Ring" if came else "Down")
        if row.channel.endswith(";2") and (one := self._names.get(f"{row.channel[:-1]}1")):
            yield m.LocalPair(**row.stamp, one=one, two=row.uniqueid)
        elif not came and (by := self._dialler(row)):
            self._channels[row.uniqueid].dialled = True
            yield m.DialBegin(
                **row.stamp,
                uniqueid=by.uniqueid,
                dest=row.uniqueid,
                dial_string=by.data.split(",", 1)[0] if by.app == "Dial" else "",
                source=new_channel(by, "Down"),
            )
        elif came and row.exten == _RUNG:
            yield m.DialBegin(**row.stamp, uniqueid="", dest=row.uniqueid, dial_string="", source=new_channel(row, ""))
        if not came or row.exten == _RUNG:
            self._born[row.uniqueid] = row

    def _dialler(self, row: CelRow) -> CelRow | None:
        """The Dial or Queue that began last in the family, on a channel that talks with nobody."""
        family = [c for c in self._channels.values() if not (c.bridged or c.gone) and c.linkedid == row.linkedid]
        running = [app for channel in family for app in channel.apps if channel.uniqueid != row.uniqueid]
        return max(running, key=lambda app: app[0], default=(0, None))[1]

    def _user_defined(self, row: CelRow) -> Iterator[m.Message]:
        """An event of the dialplan's own, which files call by its own name."""
        name, _, value = row.data.partition(",")
        if name == _HIDDEN:
            yield m.NumberHidden(**row.stamp, uniqueid=row.uniqueid)
        elif name == _DECLINED:
            yield m.RecordingDeclined(**row.stamp, uniqueid=row.uniqueid)
        elif name == _UNREACHABLE:
            yield m.Unreachable(**row.stamp, uniqueid=row.uniqueid, device=value)

    def _answered(self, row: CelRow) -> Iterator[m.Message]:
        if channel := self._channels.get(row.uniqueid):
            channel.answered = True
        yield state_of(row, "Up")

    def _app_started(self, row: CelRow) -> Iterator[m.Message]:
        channel = self._channels.get(row.uniqueid)
        first = row.data.split(",", 1)[0]
        if row.app in _DIALLING and channel:
            self._begun += 1
            channel.apps.append((self._begun, row))
        if row.app == "Queue":
            yield m.CallerJoined(**row.stamp, uniqueid=row.uniqueid, queue=first, caller=new_channel(row, "Ring"))
        elif row.app == "MixMonitor" and first:
            path = first if first.startswith("/") else f"{self._spool}/{first}"
            yield m.RecordedTo(**row.stamp, uniqueid=row.uniqueid, path=path, source=new_channel(row, "Up"))

    def _app_ended(self, row: CelRow) -> Iterator[m.Message]:
        if channel := self._channels.get(row.uniqueid):
            channel.apps = [(n, app) for n, app in channel.apps if app.app != row.app]
        if row.app == "Queue" and channel:
            verdict = self._verdicts.get((row.uniqueid, row.data.split(",", 1)[0]))
            if verdict in (None, QueueResult.ABANDONED, QueueResult.ANSWERED):
                channel.left = row
            else:
                yield m.QueueEnded(**row.stamp, uniqueid=row.uniqueid, result=verdict)

    def _entered(self, row: CelRow) -> Iterator[m.Message]:
        if channel := self._channels.get(row.uniqueid):
            channel.bridged, channel.linkedid = True, row.linkedid
        yield m.BridgeEntered(
            **row.stamp,
            bridge=str(row.extra.get("bridge_id", "")),
            uniqueid=row.uniqueid,
            swap="",
            linkedid=row.linkedid,
            mute=row.extra.get("bridge_technology") == _HOLDING,
        )

    def _left(self, row: CelRow) -> Iterator[m.Message]:
        if channel := self._channels.get(row.uniqueid):
            channel.bridged = False
        yield m.BridgeLeft(**row.stamp, bridge=str(row.extra.get("bridge_id", "")), uniqueid=row.uniqueid)

    def _hung_up(self, row: CelRow) -> Iterator[m.Message]:
        if row.extra.get("hangupsource") == row.channel:
            yield m.HangupRequested(**row.stamp, uniqueid=row.uniqueid)
        cause = row.extra.get("hangupcause", 0)
        yield from self._gone(row, cause if isinstance(cause, int) else 0)

    def _ended(self, row: CelRow) -> Iterator[m.Message]:
        yield from self._gone(row, 0)
        self._drop(row.uniqueid)
        self._names.pop(row.channel, None)

    def _drop(self, uniqueid: str) -> None:
        self._channels.pop(uniqueid, None)

    def _gone(self, row: CelRow, cause: int) -> Iterator[m.Message]:
        channel = self._channels.get(row.uniqueid)
        if channel and not channel.gone:
            channel.gone = True
            if channel.dialled and not channel.answered:
                self._unanswered.append((row, cause))
                return
            yield m.Hangup(**row.stamp, uniqueid=row.uniqueid, cause=cause)
