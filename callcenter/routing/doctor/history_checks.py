"""What the PBX keeps while nobody listens, and the modules it needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from callcenter.routing.doctor.facts import Facts
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.pasting import addition, console

CEL_EVENTS: Final = frozenset(
    {"chan_start", "chan_end", "answer", "hangup", "bridge_enter", "bridge_exit", "linkedid_end", "blindtransfer",
     "attendedtransfer", "pickup", "app_start", "app_end", "local_optimize"}
)  # fmt: skip
CEL_APPS: Final = frozenset({"queue"})
CEL_MODULES: Final = (
    "cel_custom", "cel_odbc", "cel_pgsql", "cel_sqlite3_custom", "cel_manager", "cel_tds", "cel_beanstalkd",
)  # fmt: skip
"""Any one of them writes channel events somewhere."""
MODULES: Final[Mapping[str, str]] = {
    "app_queue": "there are no queues",
    "app_mixmonitor": "nothing can be recorded",
    "app_dial": "no phone can be rung",
    "app_stack": "no subroutine can be called, the gate is open",
    "app_userevent": "debts and notices are not told",
    "app_playback": "no notice can be played",
    "func_db": "no debt is kept",
    "func_callerid": "callers have no numbers",
    "func_channel": "hang-ups of agents are not looked at",
    "func_cut": "devices are not told from channels",
    "func_global": "pauses lost in a restart are not set again",
    "func_logic": "no rule of the gate can decide, and who picked up is not known",
    "func_strings": "callers' numbers are not made harmless",
    "func_uri": "numbers with a plus are lost",
    "func_version": "recordings have the wrong options",
    "pbx_config": "there is no dialplan",
    "res_musiconhold": "waiting callers hear nothing",
}
"""What Callcenter and its dialplan use, and what is missing without it."""


def cel(facts: Facts) -> Iterator[Finding | Unseen]:
    """Channel events are kept, with all that calls are put together from afterwards."""
    if isinstance(facts.cel, Unseen):
        yield facts.cel
        return
    if not facts.cel.on("general", "enable", default=False):
        yield _off(facts, "cel_off", "channel events are not kept", "enable=yes", "events=ALL", _apps(facts))
        return
    events = _words(facts.cel.last("general", "events"))
    missing = () if "all" in events else tuple(sorted(CEL_EVENTS - events))
    if missing:
        yield _off(facts, "cel_events_missing", f"it does not keep {', '.join(missing)}", "events=ALL", _apps(facts))
    elif CEL_APPS - _words(facts.cel.last("general", "apps")):
        yield _off(facts, "cel_apps_missing", "it does not keep when callers entered and left queues", _apps(facts))


def _off(facts: Facts, code: str, what: str, *lines: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        thing="cel.conf",
        values={"what": what},
        what=what,
        why="calls of the time when Callcenter did not run cannot be told afterwards",
        remedy=addition(facts, "cel.conf", "general", *lines),
    )


def _apps(facts: Facts) -> str:
    there = "" if isinstance(facts.cel, Unseen) else facts.cel.last("general", "apps")
    return f"apps={','.join(dict.fromkeys([*filter(None, there.split(',')), 'dial', 'queue', 'park', 'confbridge']))}"


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in text.split(",") if word.strip())


def cel_written(facts: Facts) -> Iterator[Finding | Unseen]:
    """Something writes channel events down."""
    if isinstance(facts.modules, Unseen):
        yield facts.modules
    elif not any(facts.modules.get(name) for name in CEL_MODULES):
        yield Finding(
            code="cel_not_written",
            severity=Severity.WARNING,
            thing="channel events",
            what="no module writes them anywhere",
            why="calls of the time when Callcenter did not run cannot be told afterwards",
            remedy=_load("cel_custom"),
        )


def modules(facts: Facts) -> Iterator[Finding | Unseen]:
    """Every module that is needed is loaded."""
    if isinstance(facts.modules, Unseen):
        yield facts.modules
        return
    for name, without in MODULES.items():
        if not facts.modules.get(name):
            yield Finding(
                code="module_missing",
                severity=Severity.FAULT,
                thing=f"module {name}",
                values={"module": name},
                what="it is not loaded",
                why=f"without it {without}",
                remedy=_load(name),
            )


def _load(name: str) -> Remedy:
    return Remedy(
        commands=(console(f"module load {name}.so"),),
        advice=f"To keep it so, take noload={name}.so out of modules.conf.",
    )
