"""What the phones saw against what the product says: every difference, in words."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.lab.phonelog import Attempt, Offer, PhoneLog
from tests.pbx.job.product import EVERYBODY
from tests.siege.siege import Death, Siege, every, every_call

_CRASH: Final = 1.0
"""Seconds around the death of an Asterisk in which it may have heard what it told nobody."""
_WRITTEN: Final = 1.5
"""Asterisk writes its database once a second (main/db.c), and takes some time for it."""
_LINKED: Final = re.compile(r"part_well +part=pbx:main ")
_HAIR: Final = 0.05
_DIALLED: Final = frozenset({"outbound", "originate"})
_TOGETHER: Final = 0.3
"""Seconds within which everybody leaves a talk that ends: nobody was handed on there."""
_NEVER: Final = float("inf")
QUEUE_DID: Final = "7001"
PICKUP: Final = "*8"
Deaths = Sequence[Death]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One customer's call as the phones saw it. ``reached``: the PBX took it on. ``sure`` and ``maybe``: who talked."""

    reached: bool
    doubtful: bool
    sure: frozenset[str]
    maybe: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrusion:
    """An agent who owed for a call was offered another one of the queue."""

    agent: str
    number: str
    uniqueid: str
    answered_at: float
    offer: Offer

    def __str__(self) -> str:
        return f"{self.agent} was offered +{self.offer.customer} while owing for {self.number}"


async def differences(siege: Siege) -> list[str]:
    """None in a siege that was withstood."""
    sofia, log = siege.desks["sofia"], siege.log()
    calls = await every_call(sofia)
    tasks = await every(sofia, "/tasks?")
    truths = {**_rang_in(log, siege.deaths), **_called(log, siege.dialled, siege.deaths)}
    found = [*_counts(truths, calls), *_twice(log, siege.dialled, tasks)]
    links = linked(siege)
    found += [str(one) for one in intrusions(log, calls) if not unwritten(one, siege.deaths, links)]
    told = {call["number"]: call for call in calls}
    for number in truths.keys() & told.keys():
        found += _call(number, truths[number], told[number])
    return sorted([*siege.unsettled, *found])


def _rang_in(log: PhoneLog, deaths: Deaths) -> dict[str, Truth]:
    attempts = [a for a in log.attempts if a.number not in EVERYBODY.values()]
    return {f"+{a.number}": _customer(a, log, deaths) for a in attempts}


def _customer(attempt: Attempt, log: PhoneLog, deaths: Deaths) -> Truth:
    moments = [m for m in (attempt.sent_at, attempt.ringing_at, attempt.answered_at, attempt.ended_at) if m]
    own = [o for o in log.offers if o.customer == attempt.number and o.answered_at is not None]
    asked = [(host, o) for host in own for o in log.offers if _advises(host, o)]
    moments += [m for o in (*own, *(o for _, o in asked)) for m in (o.offered_at, o.answered_at, o.ended_at) if m]
    stayed = {o.phone for host, o in asked if _end(o) > _end(host) + _TOGETHER}
    sure = {o.phone for o in own if _end(o) - (o.answered_at or 0) > _TOGETHER} if attempt.answered_at else set()
    return Truth(
        reached=attempt.ringing_at is not None or attempt.answered_at is not None,
        doubtful=_in_a_crash(moments, deaths),
        sure=frozenset(sure | {phone for phone in stayed if _hears(attempt, asked, phone)}),
        maybe=frozenset(
            {o.phone for o in own if attempt.answered_at or _crossed(attempt, o)} | {o.phone for _, o in asked}
        ),
    )


def _crossed(attempt: Attempt, offer: Offer) -> bool:
    """He gave up in the moment in which the phone was picked up: each side is right."""
    return abs((attempt.ended_at or _NEVER) - (offer.answered_at or 0)) < _TOGETHER


def _in_a_crash(moments: Sequence[float], deaths: Deaths) -> bool:
    return any(death.begun - _CRASH < moment < death.over + _CRASH for moment in moments for death in deaths)


def _advises(host: Offer, offer: Offer) -> bool:
    """The phone that talked with the customer asked this one meanwhile."""
    asks = offer.customer == host.phone and offer.answered_at is not None
    return asks and (host.answered_at or 0) <= offer.offered_at <= _end(host)


def _hears(attempt: Attempt, asked: Sequence[tuple[Offer, Offer]], phone: str) -> bool:
    """The customer was still there, for more than a moment, once whoever had asked was gone."""
    gone = (_end(host) for host, o in asked if o.phone == phone)
    return any((attempt.ended_at or _NEVER) > at + 2 * _TOGETHER for at in gone)


def _called(log: PhoneLog, dialled: Mapping[str, str], deaths: Deaths) -> dict[str, Truth]:
    """Those whom agents called, as the provider saw it."""
    offers = {o.dialled.removeprefix("+"): o for o in log.of("trunk")}
    found: dict[str, Truth] = {}
    for number, extension in dialled.items():
        offer = offers.get(number)
        moments = [m for m in (offer.offered_at, offer.answered_at, offer.ended_at) if m] if offer else []
        talked = offer is not None and offer.answered_at is not None
        long = offer is not None and talked and _end(offer) - (offer.answered_at or 0) > _TOGETHER
        handed_on = {o.phone for o in log.answered() if o.customer.removeprefix("+") == number}
        found[f"+{number}"] = Truth(
            reached=offer is not None,
            doubtful=_in_a_crash(moments, deaths),
            sure=frozenset({extension} if long else ()),
            maybe=frozenset({extension, *handed_on} if talked else ()),
        )
    return found


def _counts(truths: Mapping[str, Truth], calls: Sequence[dict[str, Any]]) -> Iterator[str]:
    told = Counter(call["number"] for call in calls)
    yield from (f"{n} is lost" for n, truth in truths.items() if truth.reached and not truth.doubtful and n not in told)
    yield from (f"{number} is invented" for number in told.keys() - truths.keys())
    yield from (f"{number} is {many} calls" for number, many in told.items() if many > 1)
    cards = Counter(call["customer"]["id"] for call in calls if call["customer"])
    yield from (f"a card has {many} numbers" for many in cards.values() if many > 1)
    yield from (f"{call['number']} has no card" for call in calls if not call["customer"])


def _call(number: str, truth: Truth, call: dict[str, Any]) -> Iterator[str]:
    if not call["ended_at"]:
        yield f"{number} never ended"
    talks = [s for s in call["segments"] if s["answered_at"]]
    talkers = {EVERYBODY[s["agent"]["username"]] for s in talks if s["agent"]}
    if not truth.doubtful and not truth.sure <= talkers <= truth.sure | truth.maybe:
        yield f"{number} talked with {sorted(truth.sure)}, the product says {sorted(talkers)}"
    for talk in talks:
        if talk["role"] == "owner" and talk["agent"] and talk["outcome_state"] in ("none", "waived"):
            yield f"{number}: no outcome of {talk['agent']['username']}"


def _twice(log: PhoneLog, dialled: Mapping[str, str], tasks: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What was done more than once."""
    rung = Counter(offer.dialled.removeprefix("+") for offer in log.of("trunk"))
    yield from (f"{number} was called {many} times" for number, many in rung.items() if many > 1)
    yield from (f"{number} was called by nobody" for number in rung.keys() - dialled.keys())
    owed = Counter(task["customer"]["id"] for task in tasks if task["customer"])
    yield from (f"{many} tasks to call one customer back" for many in owed.values() if many > 1)


def intrusions(log: PhoneLog, calls: Sequence[dict[str, Any]]) -> Iterator[Intrusion]:
    """Queue calls that a phone was offered between its talk and the outcome."""
    queued = {a.number for a in log.attempts if a.dialled == QUEUE_DID}
    first = {o.customer: o.answered_at or 0 for o in reversed(log.answered())}
    first |= {a.number: a.answered_at for a in log.attempts if a.answered_at}  # also by who picked him up
    for call in calls:
        for talk in (s for s in call["segments"] if s["answered_at"] and s["agent"] and s["outcome_at"]):
            answered, settled = _answered(log, call, talk), _epoch(talk["outcome_at"])
            for offer in log.of(EVERYBODY[talk["agent"]["username"]]):
                handed_on = first.get(offer.customer, _NEVER) < offer.offered_at
                if offer.customer not in queued or handed_on or f"+{offer.customer}" == call["number"]:
                    continue
                if answered + _HAIR < offer.offered_at < settled - _HAIR:
                    yield Intrusion(
                        agent=talk["agent"]["username"], number=call["number"], uniqueid=call["uniqueid"],
                        answered_at=answered, offer=offer,
                    )  # fmt: skip


def unwritten(one: Intrusion, deaths: Deaths, linked: Sequence[float]) -> bool:
    """Asterisk was killed within its second before it wrote the debt down, came back without it, and offered him the
    call before we were ``linked`` again. The disk is the witness."""
    for death in deaths:
        kept = f"PJSIP/{EVERYBODY[one.agent]}/{one.uniqueid}" in death.owed
        just_before = death.begun - _WRITTEN < one.answered_at < death.over
        back = min((at for at in linked if at > death.over), default=_NEVER)
        if just_before and not kept and death.over < one.offer.offered_at < back:
            return True
    return False


def linked(siege: Siege) -> list[float]:
    """When the service had its link again."""
    return [_epoch(line.split()[0]) for line in siege.product.log.splitlines() if _LINKED.search(line)]


def _answered(log: PhoneLog, call: dict[str, Any], talk: dict[str, Any]) -> float:
    """When the phone says so, where it can: of the call, or of a colleague who asked for advice last while it went on.
    The product has the time of a PBX whose clock may leap. Who dialled himself talks from when the customer answers."""
    phone = "trunk" if talk["via"] in _DIALLED else EVERYBODY[talk["agent"]["username"]]
    taken = [(o, o.answered_at) for o in log.of(phone) if o.answered_at and o.answered_at < _epoch(talk["outcome_at"])]
    before = _settled_before(call, talk)
    own = [
        at for o, at in taken if at > before and call["number"] in (f"+{o.customer}", f"+{o.dialled.removeprefix('+')}")
    ]
    begun = min((a.sent_at for a in log.attempts if f"+{a.number}" == call["number"]), default=0.0)
    asked = [at for o, at in taken if o.customer in EVERYBODY.values() and talk["via"] == "attended" and at > begun]
    return min(own) if own else max(asked, default=_picked_up(log, phone, _epoch(talk["answered_at"])))


def _settled_before(call: dict[str, Any], talk: dict[str, Any]) -> float:
    """When nothing was owed any more for talks that he had with this customer before; 0 where he had none."""
    his = (s for s in call["segments"] if s["agent"] == talk["agent"] and s["answered_at"] and s["outcome_at"])
    settled = (_epoch(s["outcome_at"]) for s in his)
    return max((at for at in settled if at < _epoch(talk["answered_at"])), default=0.0)


def _picked_up(log: PhoneLog, phone: str, told: float) -> float:
    """A debt that outlived its Asterisk has only the second in which it was written: who picked somebody up in that
    second talked no earlier."""
    pickups = (a.answered_at for a in log.attempts if a.number == phone and a.dialled.startswith(PICKUP))
    within = [at for at in pickups if at and told < at < told + 1]
    return max(within) if within and told.is_integer() else told


def _end(offer: Offer) -> float:
    return offer.ended_at or _NEVER


def _epoch(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()


async def kept(siege: Siege, folder: Path) -> None:
    """Puts down what the phones, the dice and the PBX know, beside what the product does."""
    calls = await every_call(siege.desks["sofia"])
    await asyncio.to_thread(_put_down, siege, folder, calls)


def _put_down(siege: Siege, folder: Path, calls: list[dict[str, Any]]) -> None:
    log = siege.log()
    found = {
        "offers": [asdict(offer) for offer in log.offers],
        "attempts": [asdict(attempt) for attempt in log.attempts],
        "blows": [asdict(blow) for blow in siege.blows],
        "deaths": [asdict(death) for death in siege.deaths],
        "calls": calls,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ledger.json").write_text(json.dumps(found, indent=1))
    (folder / "service.log").write_text(siege.product.log)
    shutil.copytree(siege.pbx.log, folder / "asterisk", dirs_exist_ok=True)
