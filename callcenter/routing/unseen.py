"""Debts that nobody saw arise: the PBX's database outlives us, and the call it names may be in none of our rows."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from callcenter.call import Call
from callcenter.crm import call_reading
from callcenter.events import CallKey
from callcenter.log import logger
from callcenter.routing import debts, holds
from callcenter.routing.floor import Floor, Moment
from callcenter.routing.outside import Outside
from callcenter.routing.standing import Standing

log = logger(__name__)
_TAKE_SECONDS: Final = 30.0
_IN_FLIGHT_SECONDS: Final = 3.0
_OLD: Final = timedelta(seconds=10)


async def explain(outside: Outside, floor: Floor, interface: str, moment: Moment) -> None:
    """Finds the calls of standing debts, or makes them through the ledger: card, call and owed outcome.

    While neither is done a debt stays unknown, and an unknown debt holds. Raises Unavailable.
    """
    for call, standing in floor.unknown(interface).items():
        found = await _explained(outside, floor, interface, standing, moment)
        if found and floor.unknown(interface).get(call) == standing:
            floor.explain(interface, call)


async def _explained(outside: Outside, floor: Floor, interface: str, standing: Standing, moment: Moment) -> bool:
    debt = debts.read(standing.value)
    if debt is None:
        log.error("debt_unreadable", pbx=floor.pbx, interface=interface)
        return True
    if holds.explained(floor, interface, debt):
        return True
    waited = moment.known - standing.since
    return _ripe(floor, interface, debt, waited, moment) and await _found(outside, floor, interface, debt)


def _ripe(floor: Floor, interface: str, debt: debts.Debt, waited: float, moment: Moment) -> bool:
    """Not while the answer may be on its way to us, nor while the phone talks on a call we cannot see."""
    return (moment.at - debt.at > _OLD or waited > _IN_FLIGHT_SECONDS) and not floor.in_use(interface)


async def _found(outside: Outside, floor: Floor, interface: str, debt: debts.Debt) -> bool:
    """False: the call was just made, what comes of it is told like any other call's news. One of another PBX we had
    seen when we wrote the debt: nothing is made of it here."""
    key = debt.call(floor.pbx)
    call = outside.live().get(key) or await outside.db.read(lambda session: call_reading.load(session, key))
    events = [] if debt.pbx else debts.missing(_answer(outside, floor, interface, debt), call)
    for event in events:
        async with asyncio.timeout(_TAKE_SECONDS):
            await outside.take(event)
    if events:
        log.info("debt_made_real", pbx=floor.pbx, call=str(key), interface=interface)
    else:
        _catch_up(outside, floor, key)
    return not events


def _catch_up(outside: Outside, floor: Floor, key: CallKey) -> None:
    """The ledger may be ahead of the news."""
    call: Call | None = outside.live().get(key)
    if call is not None:
        floor.parts.put(call)


def _answer(outside: Outside, floor: Floor, interface: str, debt: debts.Debt) -> debts.Answer:
    return debts.Answer(
        pbx=floor.pbx,
        device=floor.desks.seat(floor.pbx, interface),
        behind=floor.desks.devices.get(interface, frozenset()),
        agent=floor.desks.owner.get(interface),
        debt=debt,
        region=outside.region(floor.pbx),
    )
