"""What the gate asks of a PBX, as AMI actions, and what a refusal means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from callcenter.errors import Unavailable
from callcenter.routing.debts import FAMILY, LIST


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """In one queue, or in all of the member when ``queue`` is ``""``."""

    interface: str
    reason: str
    queue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """In one queue, or in all when ``queue`` is ``""``."""

    interface: str
    queue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutDebt:
    interface: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDebt:
    """That the member owes; or, of its list, the call of this Uniqueid."""

    interface: str
    call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMember:
    """``paused``: why he must not be rung the moment he is there; ``""`` lets him be rung."""

    interface: str
    queue: str
    penalty: int
    name: str
    state_interface: str
    paused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMember:
    interface: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPenalty:
    interface: str
    queue: str
    penalty: int


Membership: TypeAlias = AddMember | RemoveMember | SetPenalty
Action: TypeAlias = Pause | Free | PutDebt | DropDebt | Membership


def messages(action: Action) -> tuple[dict[str, str], ...]:
    """The action as headers. A pause without a queue counts in all queues of the member."""
    match action:
        case Pause(interface=name, reason=reason, queue=queue):
            return (_pause(name, queue, reason),)
        case Free(interface=name, queue=queue):
            return ({"Action": "QueuePause", "Interface": name, "Paused": "false", **_where(queue)},)
        case PutDebt(interface=name, value=value):
            return ({"Action": "DBPut", "Family": FAMILY, "Key": name, "Val": value},)
        case DropDebt(interface=name, call=""):
            return ({"Action": "DBDel", "Family": FAMILY, "Key": name},)
        case DropDebt(interface=name, call=call):
            return ({"Action": "DBDel", "Family": LIST, "Key": f"{name}/{call}"},)
        case AddMember():
            return _add(action)
        case RemoveMember(interface=name, queue=queue):
            return ({"Action": "QueueRemove", "Interface": name, "Queue": queue},)
        case SetPenalty(interface=name, queue=queue, penalty=penalty):
            return ({"Action": "QueuePenalty", "Interface": name, "Queue": queue, "Penalty": str(penalty)},)
        case _:
            assert_never(action)


def _add(action: AddMember) -> tuple[dict[str, str], ...]:
    """QueueAdd takes a reason only since Asterisk 18: a member who joins paused is told his reason afterwards."""
    add = {
        "Action": "QueueAdd",
        "Queue": action.queue,
        "Interface": action.interface,
        "Penalty": str(action.penalty),
        "Paused": "true" if action.paused else "false",
        "MemberName": action.name,
        "StateInterface": action.state_interface,
    }
    return (add, _pause(action.interface, action.queue, action.paused)) if action.paused else (add,)


def _pause(interface: str, queue: str, reason: str) -> dict[str, str]:
    return {"Action": "QueuePause", "Interface": interface, "Paused": "true", "Reason": reason, **_where(queue)}


def _where(queue: str) -> Mapping[str, str]:
    return {"Queue": queue} if queue else {}


def vain(wrong: Unavailable) -> bool:
    """The PBX has no such member or debt, or has it already; as opposed to not being allowed or not there."""
    told = str(wrong).lower()
    words = ("not found", "not deleted", "could not be", "already there", "not there", "no such queue")
    return wrong.code == "pbx_refused" and any(word in told for word in words)


def ends(wrong: Unavailable) -> bool:
    """The PBX is being stopped, and does nothing any more."""
    return "shutting down" in str(wrong).lower()
