"""The map of a PBX as it stands in the database, as the value that is compared with what the PBX reports."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callcenter.crm import maps
from callcenter.crm.maps import PbxDocument
from callcenter.pbxmap import PbxMap
from callcenter.routing.desks import Desk
from callcenter.routing.effect import Confirmed


def standing(session: Session, pbx: str, region: str) -> Confirmed:
    """``region`` is where numbers are read unless a trunk says otherwise."""
    return of_document(maps.document(session, pbx), pbx, region)


def of_document(document: PbxDocument, pbx: str, region: str) -> Confirmed:
    """The same from what was read already."""
    return Confirmed(
        map=PbxMap(pbx=pbx, region=region, rules=document.rules),
        extensions=tuple(
            Desk(pbx=pbx, number=one.number, devices=frozenset(one.devices), interfaces=frozenset(one.interfaces))
            for one in document.stations
        ),
        dids=frozenset(document.dids),
    )
