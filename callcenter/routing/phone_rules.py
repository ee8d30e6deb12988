"""What a PBX must know of an agent who owes and dials on his desk phone: whether he is refused, and whom he may always
call. The dialplan itself decides (``callcenter-may``), so it holds while we are away."""

from __future__ import annotations

from typing import Final

from callcenter.crm import outcome_rules
from callcenter.pbx_rows import PbxRow, PbxRows
from callcenter.phone import emergency_numbers
from callcenter.routing.outside import Outside

FAMILY: Final = "callcenter-rules"


def phone_rules(outside: Outside) -> PbxRows:
    """The rows of all PBXs."""

    async def said(pbx: str) -> list[PbxRow]:
        rules = await outside.db.read(outcome_rules.read)
        refused = f"refuse|{rules.refusal_sound}" if rules.desk_phones == "refused" else ""
        helpers = "-".join(emergency_numbers(outside.region(pbx)))
        return [
            PbxRow(family=FAMILY, key="emergency", value=helpers),
            PbxRow(family=FAMILY, key="outgoing", value=refused),
        ]

    return PbxRows("phone_rules", said, outside.send, outside.holds)
