"""What a test call asks of the PBX, as AMI actions. Pure.

PENALTY keeps the test and the people apart: the queue asks only members with at least the caller's QUEUE_MIN_PENALTY,
so nobody else rings for the test; and the test's member, last in every queue, is asked for a customer only when nobody
else can be, and refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callcenter.crm.privacy.rules import FAMILY as RECORDED
from callcenter.rehearsal import ANSWERS, NAME, NUMBER, Names
from callcenter.rehearsing.entry import Entry
from callcenter.routing.debts import FAMILY, LIST

PENALTY: Final = 1_000_000
_FIRST: Final = 1_000_000
Action = Mapping[str, str]


def join(names: Names, queue: str) -> Action:
    """Its state is its own: that of an agent's phone would make it one more interface of his."""
    return {
        "Action": "QueueAdd",
        "Queue": queue,
        "Interface": names.member,
        "Penalty": str(PENALTY),
        "Paused": "false",
        "MemberName": NAME,
        "StateInterface": names.device,
    }


def leave(interface: str, queue: str) -> Action:
    return {"Action": "QueueRemove", "Queue": queue, "Interface": interface}


def call(names: Names, entry: Entry, talk_s: int) -> Action:
    """``talk_s``: after that the caller hangs up by himself, whatever has become of us."""
    variables = {
        "__CC_TEST": names.extension,
        "__QUEUE_MIN_PENALTY": str(PENALTY),
        "__QUEUE_PRIO": str(_FIRST),
        "__CC_PHONE": names.phone,
        "CC_WAIT": str(talk_s),
    }
    return {
        "Action": "Originate",
        "ActionID": names.customer,
        "Channel": f"Local/{entry.did}@{entry.context}/n",
        "Context": ANSWERS,
        "Exten": "talk",
        "Priority": "1",
        "Timeout": str(talk_s * 1000),
        "Async": "true",
        "ChannelId": names.far_end,
        "OtherChannelId": names.customer,
        "CallerID": f'"{NAME}" <{NUMBER}>',
        "Variable": ",".join(f"{name}={value}" for name, value in variables.items() if value),
    }


def hang_up(uniqueid: str) -> Action:
    return {"Action": "Hangup", "Channel": uniqueid, "Cause": "16"}


def debt(interface: str) -> Action:
    return {"Action": "DBGet", "Family": FAMILY, "Key": interface}


def forget(interface: str) -> Action:
    return {"Action": "DBDel", "Family": FAMILY, "Key": interface}


def strike_out(listed: str) -> Action:
    """One of the list of what is owed for: the member interface, a slash, the call."""
    return {"Action": "DBDel", "Family": LIST, "Key": listed}


def recording(queue: str) -> Action:
    return {"Action": "DBGet", "Family": RECORDED, "Key": queue}
