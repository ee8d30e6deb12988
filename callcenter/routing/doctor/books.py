"""What our own database says of a PBX. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from callcenter.crm import maps, queues, seen, tallies
from callcenter.crm.privacy import policies
from callcenter.crm.privacy.rules import PlaceKind, switch
from callcenter.pbxmap import Kind
from callcenter.routing import effect
from callcenter.routing.asking import policies as routing
from callcenter.routing.confirmed import of_document
from callcenter.routing.doctor.facts import Books

_LATELY: Final = timedelta(hours=24)


def read(session: Session, pbx: str, region: str, now: datetime) -> Books:
    """``region`` is where numbers are read unless a trunk says otherwise."""
    document = maps.document(session, pbx)
    confirmed = of_document(document, pbx, region)
    told, rules = policies.staff_told(session), policies.rules(session, pbx)
    lately = [row.peer for row in seen.peers(session, pbx) if row.last_at >= now - _LATELY]
    strangers = [peer for peer in lately if effect.kind_of(confirmed.map, peer) is Kind.UNCLASSIFIED]
    return Books(
        map=confirmed,
        confirmed=document.confirmed,
        switches={
            place.key: switch(rule, staff_told=told)
            for place, rule in rules.items()
            if place.scope is not PlaceKind.DID
        },
        strangers=tuple(strangers),
        speech={queue.name: queue.speech for queue in queues.of_pbx(session, pbx) if queue.speech not in ("", "off")},
        unrecorded=tallies.lost_by_reason(session, pbx),
        asking=frozenset(rule.queue for rule in routing.read(session).rules.queues if rule.pbx == pbx and rule.asks),
    )
