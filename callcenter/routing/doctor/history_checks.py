"""What the PBX keeps while nobody listens, and the modules it needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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


def source(facts: Facts) -> Iterator[Finding | Unseen]:
    """We read what the PBX writes of its calls."""
    seen = facts.written
    if seen is None:
        yield _source("history_not_set", "nobody said where it is", _named(facts), Severity.NOTE)
        return
    if seen.code:
        yield _source(seen.code, seen.trouble, _READABLE.get(seen.code, _named)(facts), Severity.WARNING, seen.place)
    for table, column in seen.unindexed:
        line = f"CREATE INDEX callcenter_{column} ON {table} ({column});"
        remedy = Remedy(commands=(line,), advice="In the database of the PBX, once.")
        what = f"{table}.{column} has no index"
        yield _source("history_slow_table", what, remedy, Severity.WARNING, table, column=column)


def _source(code: str, what: str, remedy: Remedy, severity: Severity, thing: str = "", **values: str) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        thing=thing or "what the PBX writes of its calls",
        what=what,
        why="calls of the time when Callcenter did not run cannot be told afterwards, or only slowly",
        remedy=remedy,
        values=values,
    )


def _named(facts: Facts) -> Remedy:
    return Remedy(
        file="callcenter.toml",
        lines=(f"[pbx.{facts.pbx}]", 'history = "/var/log/asterisk/cel-custom/callcenter.csv"'),
        advice="A database: mysql://reader:password@host/asteriskcdrdb. On another machine: mount the folder.",
    )


def _let_in(_facts: Facts) -> Remedy:
    return Remedy(
        commands=(
            "usermod -aG asterisk callcenter",
            "systemctl restart callcenter",
            "mysql -e \"CREATE USER reader IDENTIFIED BY '...'; GRANT SELECT ON asteriskcdrdb.* TO reader\"",
        ),
        advice="The first two for files, the last for a database.",
    )


def _laid_out(_facts: Facts) -> Remedy:
    lines = ("[mappings]", f"callcenter.csv => {_MAPPING}")
    return Remedy(file="cel_custom.conf", lines=lines, commands=(console("module reload cel_custom.so"),))


def _driver(facts: Facts) -> Remedy:
    told = facts.written.trouble if facts.written else ""
    return Remedy(commands=tuple(filter(None, (told.rpartition(": ")[2],))), advice="Where Callcenter is installed.")


_MAPPING: Final = ",".join(
    f"${{CSV_QUOTE({value})}}"
    for value in (
        *("${eventtype}", "${eventtime}", "${CHANNEL(uniqueid)}", "${CHANNEL(linkedid)}", "${CHANNEL(channame)}"),
        *("${BRIDGEPEER}", "${CALLERID(num)}", "${CALLERID(name)}", "${CALLERID(dnid)}", "${CHANNEL(exten)}"),
        *("${CHANNEL(context)}", "${CHANNEL(appname)}", "${CHANNEL(appdata)}", "${eventextra}"),
    )
)
"""The columns of asterisk-conf/cel_custom.conf."""
_READABLE: Final[Mapping[str, Callable[[Facts], Remedy]]] = {
    "history_unreadable": _let_in,
    "history_unknown": _laid_out,
    "history_driver": _driver,
}


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
