"""What the phones saw against what the product says: every difference, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from tests.lab.phonelog import Attempt, PhoneLog
from tests.pbx.job.product import AGENTS
from tests.siege.siege import Blow

_CRASH: Final = 1.0
"""Seconds around the death of an Asterisk in which it may have heard what it told nobody."""
_HAIR: Final = 0.05


def differences(log: PhoneLog, calls: Sequence[dict[str, Any]], blows: Sequence[Blow]) -> list[str]:
    """None in a siege that was withstood."""
    crashes = [blow.begun for blow in blows if blow.name == "asterisk_killed"]
    attempts = {f"+{a.number}": a for a in log.attempts if _reached(a) and not _in_a_crash(a, crashes)}
    told = {call["number"]: call for call in calls}
    every = {f"+{a.number}" for a in log.attempts}
    found = [f"{number} is lost" for number in attempts.keys() - told.keys()]
    found += [f"{number} is invented" for number in told.keys() - every]
    found += [f"{n} is {many} calls" for n, many in Counter(call["number"] for call in calls).items() if many > 1]
    cards = Counter(call["customer"]["id"] for call in calls if call["customer"])
    found += [f"a card has {many} numbers" for many in cards.values() if many > 1]
    found += [f"{call['number']} has no card" for call in calls if not call["customer"]]
    for number in attempts.keys() & told.keys():
        found += _call(number, attempts[number], told[number], log)
    found += _intrusions(log, calls)
    return sorted(found)


def _reached(attempt: Attempt) -> bool:
    return attempt.ringing_at is not None or attempt.answered_at is not None


def _in_a_crash(attempt: Attempt, crashes: Sequence[float]) -> bool:
    """What the PBX did in its last second nobody can know."""
    moments = [m for m in (attempt.sent_at, attempt.ringing_at, attempt.answered_at, attempt.ended_at) if m]
    return any(abs(moment - crash) < _CRASH for moment in moments for crash in crashes)


def _call(number: str, attempt: Attempt, call: dict[str, Any], log: PhoneLog) -> Iterator[str]:
    if not call["ended_at"]:
        yield f"{number} never ended"
    talks = [s for s in call["segments"] if s["answered_at"]]
    phones = {o.phone for o in log.offers if f"+{o.customer}" == number and o.answered_at is not None}
    talkers = {AGENTS[s["agent"]["username"]] for s in talks if s["agent"]}
    if attempt.answered_at is not None and talkers != phones:
        yield f"{number} was answered by {sorted(phones)}, the product says {sorted(talkers)}"
    if attempt.answered_at is None and talks:
        yield f"{number} was not answered, the product says by {sorted(talkers)}"
    for talk in talks:
        if talk["role"] == "owner" and talk["agent"] and talk["outcome_state"] in ("none", "waived"):
            yield f"{number}: no outcome of {talk['agent']['username']}"


def _intrusions(log: PhoneLog, calls: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Queue calls that a phone was offered between its talk and the outcome."""
    queued = {a.number for a in log.attempts if a.dialled == "7001"}
    for call in calls:
        for talk in (s for s in call["segments"] if s["answered_at"] and s["agent"] and s["outcome_at"]):
            answered, settled = _epoch(talk["answered_at"]), _epoch(talk["outcome_at"])
            for offer in log.of(AGENTS[talk["agent"]["username"]]):
                if offer.customer in queued and answered + _HAIR < offer.offered_at < settled - _HAIR:
                    yield f"{talk['agent']['username']} was offered {offer.customer} while owing for {call['number']}"


def _epoch(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()
