"""The PBX's own switch: rows of its database say which queues it records at all, and which notice it plays first.

What a rule does not allow is not recorded in the first place; ``capture`` refuses it a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from callcenter.crm.privacy import policies
from callcenter.crm.privacy.rules import FAMILY, NOTICES, PlaceKind, own_notice, switch
from callcenter.db import Database
from callcenter.pbx_rows import PbxRow, PbxRows, Send


def recording_switch(db: Database, send: Mapping[str, Send], holds: Callable[[str], bool] = lambda _: True) -> PbxRows:
    """``send`` by PBX, as a feed's; ``holds``: the rows there are ours to write, and no other installation's."""

    async def said(pbx: str) -> list[PbxRow]:
        told = await db.read(policies.staff_told)
        rules = await db.read(lambda s: policies.rules(s, pbx))
        rows: list[PbxRow] = []
        for place, rule in rules.items():
            number = place.scope is PlaceKind.DID
            value = own_notice(rule) if number else switch(rule, staff_told=told)
            rows.append(PbxRow(family=NOTICES if number else FAMILY, key=place.key, value=value or ""))
        return rows

    return PbxRows("recording_switch", said, send, holds)
