"""What is owed for which talks: the rules of queues, of direct and of outgoing calls."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, View, etag, expect
from callcenter.crm import audit, outcome_rules, outcomes
from callcenter.crm.access import require
from callcenter.crm.outcome_rules import OutcomeRulesBody
from callcenter.crm.rights import Verb
from callcenter.errors import Invalid
from callcenter.news import OutcomeRulesChanged


class OutcomeRulesView(View):
    async def get(self) -> OutcomeRulesBody:
        """The rules now."""
        require(self.request, Verb.SEE_FLOOR)
        return self._told(await self.request.app[DB].read(lambda s: (outcome_rules.read(s), outcome_rules.version(s))))

    async def put(self, body: OutcomeRulesBody) -> OutcomeRulesBody:
        """Changes them; they hold at once, for every talk that is not over, and for the next call."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_OUTCOMES), self.request.app[CLOCK].now()

        def change(session: Session) -> tuple[OutcomeRulesBody, int]:
            expect(self.request, outcome_rules.version(session))
            _known(session, body)
            outcome_rules.write(session, body)
            told = body.model_dump(mode="json")
            audit.record(session, who, "change", ("policy", outcome_rules.KEY), now, **told)
            return body, outcome_rules.version(session)

        changed = await app[DB].write(change)
        await app[BUS].publish(OutcomeRulesChanged())
        return self._told(changed)

    def _told(self, found: tuple[OutcomeRulesBody, int]) -> OutcomeRulesBody:
        self.answer_header("ETag", etag(found[1]))
        return found[0]


def _known(session: Session, body: OutcomeRulesBody) -> None:
    """Raises Invalid where a branch is named that there is not."""
    there = outcomes.tree(session).codes
    if any(branch not in there for rule in (body.direct, body.outbound, *body.queues) for branch in rule.branches):
        raise Invalid("there is no such outcome", fields={"branches": "not_allowed"})


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/outcome-rules", OutcomeRulesView)
