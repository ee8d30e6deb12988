"""How the simulated PBX is configured, for whoever asks it: the shipped configuration in short."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from callcenter.demo.replies import Action, listed, refusal, success
from callcenter.demo.stream import Header
from callcenter.demo.switch import Switch
from callcenter.routing.doctor.gate_checks import VERSION

_QUEUE: Final = (
    "membergosub=callcenter-member",
    "setinterfacevar=yes",
    "ringinuse=no",
    "joinempty=unavailable,invalid",
    "leavewhenempty=unavailable,invalid",
)
_EVENTS: Final = (
    "Newchannel|Newstate|NewCallerid|Rename|Hangup|HangupRequest|DialBegin|DialEnd|Bridge[A-Za-z]+|LocalBridge|VarSet",
    "UserEvent|Queue[A-Za-z]+|Agent[A-Za-z]+|Hold|Unhold|Pickup|OriginateResponse|FullyBooted",
    "BlindTransfer|AttendedTransfer|ParkedCall[A-Za-z]*|UnParkedCall|MixMonitor[A-Za-z]+",
)
_USER: Final = (
    "writetimeout=1000",
    "read=system,call,agent,user,dialplan",
    "write=system,call,agent,user,originate,reporting",
    *(f"eventfilter=^Event: ({names})[[:cntrl:]]" for names in _EVENTS),
)
_CEL: Final = ("enable=yes", "apps=dial,queue,park,confbridge", "events=ALL", "dateformat=%s")
_RECORDS: Final = ("MixMonitor", "${file}.wav,br(${file}-in.wav)t(${file}-out.wav)i(CC_MIX)")


ACTIONS: Final = (
    *("Ping", "QueueStatus", "QueueSummary", "QueuePause", "QueueAdd", "QueueRemove", "QueuePenalty", "Originate"),
    *("CoreShowChannels", "BridgeList", "PJSIPShowEndpoints", "CoreStatus", "CoreSettings"),
    *(
        "DBGet",
        "DBGetTree",
        "DBPut",
        "DBDel",
        "MixMonitorMute",
        "MixMonitor",
        "StopMixMonitor",
        "Setvar",
        "Hangup",
        "Redirect",
        "ListCommands",
        "GetConfig",
        "ShowDialPlan",
        "ModuleCheck",
    ),
)
"""What its user may send. "Command" is answered and not granted."""


def file(name: str) -> Mapping[str, tuple[str, ...]] | None:
    """The sections of a file with their lines; None where there is no such file."""
    files: dict[str, Mapping[str, tuple[str, ...]]] = {
        "manager.conf": {"general": ("enabled=yes", "timestampevents=yes"), "callcenter": _USER},
        "queues.conf": {"general": ("autofill=yes", "persistentmembers=yes"), "support": _QUEUE, "sales": _QUEUE},
        "cel.conf": {"general": _CEL},
        "asterisk.conf": {"directories": ("astspooldir=/var/spool/asterisk",)},
    }
    return files.get(name)


def told(sections: Mapping[str, tuple[str, ...]]) -> list[Header]:
    """As GetConfig tells them."""
    headers: list[Header] = []
    for number, (name, lines) in enumerate(sections.items()):
        headers.append((f"Category-{number:06}", name))
        headers += [(f"Line-{number:06}-{at:06}", line) for at, line in enumerate(lines)]
    return headers


def context(name: str) -> list[tuple[str, str]]:
    """The lines of a dialplan context, applications with their arguments; none where it is not there."""
    if not name.startswith("callcenter-"):
        return []
    special = {"callcenter-version": ("NoOp", VERSION), "callcenter-record": _RECORDS}
    return [special.get(name, ("Return", ""))]


def module(name: str) -> bool:
    """Whether a module is loaded: everything but what would write channel events into a database."""
    return not name.startswith("cel_") or name == "cel_custom"


def _commands(_switch: Switch, action: Action) -> bytes:
    return success(action, *((name, "simulated  (Priv: <none>)") for name in ACTIONS))


def _get_config(_switch: Switch, action: Action) -> bytes:
    found = file(action.get("filename", ""))
    return refusal(action, "Config file not found") if found is None else success(action, *told(found))


def _show_dialplan(_switch: Switch, action: Action) -> bytes:
    name = action.get("context", "")
    lines = context(name)
    if not lines:
        return refusal(action, f"Did not find context {name}")
    items: list[tuple[str, list[Header]]] = [
        ("ListDialplan", [("Context", name), ("Extension", "s"), ("Application", application), ("AppData", data)])
        for application, data in lines
    ]
    return listed(action, "DialPlan list will follow", "ShowDialPlanComplete", items)


def _module_check(_switch: Switch, action: Action) -> bytes:
    if not module(action.get("module", "")):
        return refusal(action, "Module not loaded")
    return success(action, ("Version", ""))


ANSWERS: Final[dict[str, Callable[[Switch, Action], bytes]]] = {
    "listcommands": _commands,
    "getconfig": _get_config,
    "showdialplan": _show_dialplan,
    "modulecheck": _module_check,
}
