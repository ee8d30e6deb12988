"""The facts of a PBX on which everything is right, to be spoilt one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from callcenter.pbx_events import MemberState
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.routing.desks import Desk
from callcenter.routing.doctor.facts import Books, Door, Facts, Machine, Spool, Written
from callcenter.routing.doctor.gate_checks import OWN, VERSION
from callcenter.routing.doctor.history_checks import CEL_MODULES, MODULES
from callcenter.routing.doctor.sections import Sections
from callcenter.routing.doctor.user_checks import WRITE
from callcenter.routing.effect import Confirmed
from callcenter.routing.reported import Endpoint, Member, Reported

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
FILTER: Final = "^Event: .*"
USER: Final = (
    ("writetimeout", "1000"),
    ("read", "system,call,agent,user,dialplan"),
    ("write", "system,call,agent,user,originate,reporting"),
    ("eventfilter", FILTER),
)
QUEUE: Final = {
    "autofill": "yes",
    "joinempty": "unavailable,invalid,unknown",
    "leavewhenempty": "unavailable,invalid,unknown",
    "ringinuse": "no",
    "setinterfacevar": "yes",
    "membergosub": "callcenter-member",
}
DOOR: Final = Door(host="127.0.0.1", port=5038, username="callcenter", tls=False, local=True, ours="127.0.0.1")
LINE: Final = (("s", "MixMonitor", "${file}.wav,br(${file}-in.wav)t(${file}-out.wav)i(CC_MIX)"),)


def file(**of: Any) -> Sections:
    """A file of configuration: settings by section, as a dict or as pairs."""
    return Sections(of={name: tuple(dict(s).items() if isinstance(s, dict) else s) for name, s in of.items()})


def member(interface: str, state: str, queue: str = "support", **other: Any) -> MemberState:
    return MemberState(
        **{
            "pbx": "main",
            "at": NOW,
            "queue": queue,
            "interface": interface,
            "name": "Anna",
            "paused": False,
            "reason": "",
            "state_interface": state,
            "status": 1,
            "in_call": False,
            **other,
        }
    )


REPORTED: Final = Reported(
    pbx="main",
    endpoints=(
        Endpoint(name="trunk", context="from-trunk", outside=True, signs_in=False),
        Endpoint(name="101", context="agents", outside=False, signs_in=True),
    ),
    members=(Member(interface="PJSIP/101", state_interface="PJSIP/101"),),
    hints={},
    queues=("support",),
    techs=frozenset({"PJSIP"}),
)
MAP: Final = Confirmed(
    map=PbxMap(
        pbx="main",
        region="RU",
        rules=(Rule(pattern="PJSIP/trunk", kind=Kind.TRUNK), Rule(pattern="PJSIP/101", kind=Kind.DEVICE)),
    ),
    extensions=(Desk(pbx="main", number="101", devices=frozenset({"PJSIP/101"}), interfaces=frozenset({"PJSIP/101"})),),
    dids=frozenset(),
)
BOOKS: Final = Books(map=MAP, confirmed=True, switches={"support": "on", "*direct": ""})
HEALTHY: Final = Facts(
    pbx="main",
    at=NOW,
    door=DOOR,
    version="22.10.1",
    skew_s=0.1,
    actions=frozenset(action for action, _ in WRITE.values()),
    manager=file(general={"timestampevents": "yes"}, callcenter=USER),
    queues=file(general={}, support=QUEUE),
    stasis=file(),
    cel=file(general={"enable": "yes", "events": "ALL", "apps": "dial,queue"}),
    asterisk=file(directories={"astspooldir": "/var/spool/asterisk"}),
    members=(member("PJSIP/101", "PJSIP/101"),),
    reported=REPORTED,
    hints={},
    contexts={**dict.fromkeys(OWN, ()), "callcenter-version": (("s", "NoOp", VERSION),), "callcenter-record": LINE},
    modules=dict.fromkeys((*MODULES, *CEL_MODULES), True),
    rows={"support": "on"},
    held=None,
    books=BOOKS,
    spool=Spool(path="/mnt/monitor", pbx_path="/var/spool/asterisk/monitor", free_bytes=10**12),
    written=Written(place="/var/log/asterisk/cel-custom/callcenter.csv"),
    machine=Machine(models=("vosk-model-small-ru-0.22",), chosen="", ffmpeg=True),
)


def ill(**changed: Any) -> Facts:
    """All is right but this."""
    return replace(HEALTHY, **changed)


def queue(**options: str) -> Facts:
    """All is right but these options of the queue."""
    return ill(queues=file(general={}, support={**QUEUE, **options}))


def user(**options: str) -> Facts:
    """All is right but these lines of the AMI user."""
    return ill(manager=file(general={"timestampevents": "yes"}, callcenter={**dict(USER), **options}))
