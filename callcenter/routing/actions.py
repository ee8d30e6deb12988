"""What the gate asks of a PBX, as AMI actions, and what a refusal means. Pure."""

from __future__ import annotations

from typing import assert_never

from callcenter.errors import Unavailable
from callcenter.routing.debts import FAMILY
from callcenter.routing.floor import Action, DropDebt, Free, Pause, PutDebt


def message(action: Action) -> dict[str, str]:
    """The action as headers. A pause without a queue counts in all queues of the member."""
    match action:
        case Pause(interface=name, reason=reason):
            return {"Action": "QueuePause", "Interface": name, "Paused": "true", "Reason": reason}
        case Free(interface=name, queue=queue):
            where = {"Queue": queue} if queue else {}
            return {"Action": "QueuePause", "Interface": name, "Paused": "false", **where}
        case PutDebt(interface=name, value=value):
            return {"Action": "DBPut", "Family": FAMILY, "Key": name, "Val": value}
        case DropDebt(interface=name):
            return {"Action": "DBDel", "Family": FAMILY, "Key": name}
        case _:
            assert_never(action)


def vain(wrong: Unavailable) -> bool:
    """The PBX has no such member or debt, so there is nothing to do; as opposed to not being allowed or not there."""
    told = str(wrong).lower()
    return wrong.code == "pbx_refused" and any(word in told for word in ("not found", "not deleted", "could not be"))
