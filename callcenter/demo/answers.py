"""What the simulated PBX answers to AMI actions, in Asterisk's words."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from callcenter.demo import configured, queue_answers, spying
from callcenter.demo.channels import Channel
from callcenter.demo.floor import NOT_IN_USE
from callcenter.demo.replies import Action, listed, refusal, success
from callcenter.demo.stream import Header
from callcenter.demo.switch import Switch

VERSION: Final = "22.10.1-callcenter-demo"
AMI_VERSION: Final = "11.0.0"
Answer = Callable[[Switch, Action], bytes]


def answer(switch: Switch, action: Action) -> bytes:
    """The whole answer: a response, and the events of its list where it has one."""
    made = _ANSWERS.get(action.get("action", "").lower())
    if made is None:
        name = action.get("action", "")
        return refusal(action, f"Invalid/unknown command: {name}. Use Action: ListCommands to show available commands.")
    return made(switch, action)


def _ping(_switch: Switch, action: Action) -> bytes:
    return success(action, ("Ping", "Pong"), ("Timestamp", f"{time.time():.6f}"))


def _mute(switch: Switch, action: Action) -> bytes:
    if not switch.mute(action.get("channel", ""), on=action.get("state") == "1"):
        return refusal(action, "Cannot set mute flag")
    return success(action)


def _record(switch: Switch, action: Action) -> bytes:
    found = switch.record_more(action.get("channel", ""), action.get("file", ""))
    return success(action) if found else refusal(action, "Channel not found")


def _stop_recording(switch: Switch, action: Action) -> bytes:
    found = switch.stop_recording(action.get("channel", ""))
    return success(action) if found else refusal(action, "Could not stop monitoring channel")


def _hangup(switch: Switch, action: Action) -> bytes:
    """Of a phone that sits in; nobody else is hung up here."""
    phone = spying.spying(switch, action.get("channel", ""))
    if phone is None:
        return refusal(action, "No such channel")
    switch.spies[phone.uniqueid].set()
    return success(action, ("Message", "Channel Hungup"))


def _redirect(switch: Switch, action: Action) -> bytes:
    """From one way of sitting in to another."""
    phone, manner = spying.spying(switch, action.get("channel", "")), action.get("exten", "")
    if phone is None or action.get("context") != spying.CONTEXT or manner not in spying.MANNERS:
        return refusal(action, "Channel does not exist: " + action.get("channel", ""))
    spying.turn(switch, phone, manner)
    return success(action, ("Message", "Redirect successful"))


def _set_var(switch: Switch, action: Action) -> bytes:
    """Nobody here looks at it."""
    return success(action, ("Message", "Variable Set"))


def _channels(switch: Switch, action: Action) -> bytes:
    items = [("CoreShowChannel", _channel(switch, c)) for c in switch.board.channels.values()]
    return listed(action, "Channels will follow", "CoreShowChannelsComplete", items)


def _channel(switch: Switch, channel: Channel) -> list[Header]:
    lived = int(switch.pace.now() - channel.born)
    return [
        *channel.headers(),
        ("Application", channel.application),
        ("ApplicationData", channel.data),
        ("Duration", f"{lived // 3600:02}:{lived // 60 % 60:02}:{lived % 60:02}"),
        ("BridgeId", channel.bridge),
    ]


def _bridges(switch: Switch, action: Action) -> bytes:
    items = [("BridgeListItem", bridge.headers()) for bridge in switch.board.bridges.values()]
    return listed(action, "Bridge listing will follow", "BridgeListComplete", items)


def _endpoints(switch: Switch, action: Action) -> bytes:
    phones = {m.interface: m.status for q in switch.floor.queues.values() for m in q.members}
    states = [(i.partition("/")[2], "Not in use" if s == NOT_IN_USE else "Busy") for i, s in phones.items()]
    items = [("EndpointList", _endpoint(name, state)) for name, state in [*states, ("trunk", "Not in use")]]
    message = "A listing of Endpoints follows, presented as EndpointList events"
    return listed(action, message, "EndpointListComplete", items)


def _endpoint(name: str, state: str) -> list[Header]:
    return [
        ("ObjectType", "endpoint"),
        ("ObjectName", name),
        ("Transport", ""),
        ("Aor", name),
        ("Auths", "" if name == "trunk" else name),
        ("OutboundAuths", ""),
        ("Contacts", f"{name}/sip:{name}@127.0.0.1,"),
        ("DeviceState", state),
        ("ActiveChannels", "0" if state == "Not in use" else "1"),
    ]


def _get_var(switch: Switch, action: Action) -> bytes:
    """The state of a phone, and of nothing else."""
    name = action.get("variable", "")
    device = name.removeprefix("DEVICE_STATE(").removesuffix(")")
    known = {m.interface: m.status for q in switch.floor.queues.values() for m in q.members}.get(device)
    value = "UNKNOWN" if known is None else "NOT_INUSE" if known == NOT_IN_USE else "INUSE"
    return success(action, ("Variable", name), ("Value", value if name != device else ""))


def _core_status(switch: Switch, action: Action) -> bytes:
    began = datetime.fromtimestamp(switch.started, UTC)
    day, moment = f"{began:%Y-%m-%d}", f"{began:%H:%M:%S}"
    return success(
        action,
        ("CoreStartupDate", day),
        ("CoreStartupTime", moment),
        ("CoreReloadDate", day),
        ("CoreReloadTime", moment),
        ("CoreCurrentCalls", str(len(switch.board.bridges))),
        ("CoreProcessedCalls", str(switch.board.calls_processed)),
    )


def _core_settings(_switch: Switch, action: Action) -> bytes:
    return success(
        action,
        ("AMIversion", AMI_VERSION),
        ("AsteriskVersion", VERSION),
        ("SystemName", ""),
        ("CoreMaxCalls", "0"),
        ("CoreMaxLoadAvg", "0.000000"),
        ("CoreRunUser", ""),
        ("CoreRunGroup", ""),
        ("CoreMaxFilehandles", "0"),
        ("CoreRealTimeEnabled", "No"),
        ("CoreCDRenabled", "Yes"),
        ("CoreHTTPenabled", "No"),
        ("SoundsSearchCustomDir", "No"),
    )


def _db_get(switch: Switch, action: Action) -> bytes:
    family, key = action.get("family", ""), action.get("key", "")
    value = switch.database.get((family, key))
    if value is None:
        return refusal(action, "Database entry not found")
    found = [("Family", family), ("Key", key), ("Val", value)]
    return listed(action, "Result will follow", "DBGetComplete", [("DBGetResponse", found)])


def _db_get_tree(switch: Switch, action: Action) -> bytes:
    rows = [(f"/{f}/{k}", v) for (f, k), v in sorted(switch.database.items()) if f == action.get("family", f)]
    items = [("DBGetTreeResponse", [("Key", key), ("Val", value)]) for key, value in rows]
    return listed(action, "Result will follow", "DBGetTreeComplete", items)


def _db_put(switch: Switch, action: Action) -> bytes:
    switch.database[action.get("family", ""), action.get("key", "")] = action.get("val", "")
    return success(action, ("Message", "Updated database successfully"))


def _db_del(switch: Switch, action: Action) -> bytes:
    if switch.database.pop((action.get("family", ""), action.get("key", "")), None) is None:
        return refusal(action, "Database entry could not be deleted")
    return success(action, ("Message", "Key deleted successfully"))


def _command(switch: Switch, action: Action) -> bytes:
    """The few console commands that a client of a least privileged user might try."""
    match action.get("command", "").split():
        case ["core", "show", "version"]:
            lines = [f"Asterisk {VERSION}, simulated"]
        case ["database", "show", *family]:
            rows = switch.database.items()
            lines = [f"/{f}/{k}: {v}" for (f, k), v in sorted(rows) if not family or f == family[0]]
        case _:
            return refusal(action, "Permission denied")
    return success(action, ("Message", "Command output follows"), *(("Output", line) for line in lines))


_ANSWERS: Final[dict[str, Answer]] = {
    "ping": _ping,
    "coreshowchannels": _channels,
    "mixmonitormute": _mute,
    "mixmonitor": _record,
    "stopmixmonitor": _stop_recording,
    "setvar": _set_var,
    "hangup": _hangup,
    "redirect": _redirect,
    "bridgelist": _bridges,
    "pjsipshowendpoints": _endpoints,
    "corestatus": _core_status,
    "coresettings": _core_settings,
    "dbget": _db_get,
    "getvar": _get_var,
    "dbgettree": _db_get_tree,
    "dbput": _db_put,
    "dbdel": _db_del,
    "command": _command,
    **configured.ANSWERS,
    **queue_answers.ANSWERS,
}
