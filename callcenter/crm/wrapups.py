"""When an agent was done with a talk, as a column of queries over segments and what is joined to them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, case, func

from callcenter.call import OutcomeState
from callcenter.crm.models.calls import SegmentRow
from callcenter.crm.models.outcomes import Deferral, OutcomeRow

DONE_AT: Final = case(
    (Deferral.at <= func.coalesce(OutcomeRow.at, Deferral.at), Deferral.at),
    (and_(OutcomeRow.state == OutcomeState.LOGGED, OutcomeRow.by_id == SegmentRow.agent_id), OutcomeRow.at),
)
"""He logged its outcome, or put that off. Null where a rule or somebody else settled it, or nobody has. The statement
joins the outcome and the deferral from outside."""
