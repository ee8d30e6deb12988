"""Calls: the list, one call, whose call it is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, SETTINGS, Answer, Body, Limit, Line, View, read_cursor
from callcenter.call import OutcomeState, Result, State
from callcenter.crm import audit, call_list, call_views, customers, news, unrecorded
from callcenter.crm.access import actor, require
from callcenter.crm.call_answers import CallAnswer
from callcenter.crm.call_list import Filter
from callcenter.crm.counted_calls import Figure, ShortAsked, shorts
from callcenter.crm.rights import Verb
from callcenter.decision_events import CustomerChosen
from callcenter.events import CallKey, Direction
from callcenter.news import CustomerChanged


class Calls(Answer):
    items: list[CallAnswer]
    next_cursor: str | None


class Choice(Body):
    customer_id: UUID


Began = Annotated[AwareDatetime | None, Field(alias="from")]
Before = Annotated[AwareDatetime | None, Field(alias="to")]


class CallsView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        state: State | None = None,
        result: Result | None = None,
        agent: UUID | None = None,
        queue: Line = "",
        number: Line = "",
        pbx: Line = "",
        from_: Began = None,
        to_: Before = None,
        direction: Direction | None = None,
        figure: Figure | None = None,
        short_s: ShortAsked = None,
        outcome: Line = "",
        settled: OutcomeState | None = None,
        limit: Limit = 50,
        cursor: Line = "",
    ) -> Calls:
        """Calls, the newest first: one's own; for supervisors everybody's. With a ``figure`` of a report those that it
        counts; ``short_s``: where abandons after less are short, whatever the rules of their queues say."""
        wanted = Filter(
            state=state,
            result=result,
            agent=agent,
            queue=queue,
            number=number,
            pbx=pbx,
            began=from_,
            before=to_,
            direction=direction,
            figure=figure,
            outcome=outcome,
            settled=settled,
            shorts=await shorts(self.request.app[DB], figure, short_s),
        )
        return await self._page(wanted, limit, cursor)

    async def _page(self, wanted: Filter, limit: int, cursor: str) -> Calls:
        region = self.request.app[SETTINGS].region
        who = actor(self.request)
        conditions = call_list.conditions(wanted, who, region)
        after = read_cursor(cursor)

        def read(session: Session) -> Calls:
            rows, go_on = call_list.page(session, conditions, limit, after)
            return Calls(items=call_views.views(session, rows, who), next_cursor=go_on)

        return await self.request.app[DB].read(read)


class CallView(View):
    async def get(self, call_id: UUID, /) -> CallAnswer:
        """One call with all that hangs on it."""
        return await _read_call(self.request, call_id)


class CallCustomerView(View):
    async def put(self, call_id: UUID, /, body: Choice) -> CallAnswer:
        """Decides whose call it is, where a number may mean several customers or is withheld."""
        app, who = self.request.app, require(self.request, Verb.WRITE_CARDS)
        now = app[CLOCK].now()

        def decide(session: Session) -> CustomerChosen:
            row = call_list.get(session, call_id, who)
            chosen = customers.get(session, body.customer_id, who)
            audit.record(session, who, "choose_customer", ("call", str(row.id)), now, customer=str(chosen.id))
            key = CallKey(pbx=row.pbx, uniqueid=row.uniqueid)
            return CustomerChosen(call=key, at=now, mono=app[CLOCK].monotonic(), customer=chosen.id, by=who.id)

        event = await app[DB].write(decide)
        await news.take(app, event)
        await app[BUS].publish(CustomerChanged(customer=event.customer))
        return await _read_call(self.request, call_id)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/calls", CallsView)
    app.router.add_view(f"{ROOT}/calls/{{call_id}}", CallView)
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/customer", CallCustomerView)


async def _read_call(request: web.Request, call_id: UUID) -> CallAnswer:
    who, now = actor(request), request.app[CLOCK].now()

    def read(session: Session) -> CallAnswer:
        row = call_list.get(session, call_id, who)
        why = unrecorded.reasons(session, [row], now).get(row.id, "")
        return call_views.views(session, [row], who)[0].model_copy(update={"unrecorded": why})

    return await request.app[DB].read(read)
