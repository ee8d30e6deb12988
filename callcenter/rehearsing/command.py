"""``callcenter doctor --call QUEUE``: asks the running service for a test call and tells its steps as they come.

The service holds the link to the PBX and hears what happens there, so it makes the call. Whoever may read the service's
database is its administrator: the command signs in as one, for as long as it runs, and the trail says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import ROOT
from callcenter.clock import SystemClock
from callcenter.config import Settings
from callcenter.crm import sessions
from callcenter.crm.access import COOKIE
from callcenter.crm.models.people import User
from callcenter.crm.rights import UserRole
from callcenter.crm.sessions import Visitor
from callcenter.db import Database
from callcenter.errors import Refused, Unavailable
from callcenter.rehearsing.steps import OVER, StepState

_LOOK_SECONDS: Final = 0.3
_LONGEST_SECONDS: Final = 300.0
_ANY_HOST: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_SIGNS: Final = {StepState.OK: "ok", StepState.FAILED: "FAILED", StepState.SKIPPED: "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says."""

    pbx: str
    queue: str
    did: str
    agent: str


async def call(settings: Settings, asked: Asked, tell: Callable[[str], None]) -> bool:
    """Whether nothing that was looked at failed. Raises Unavailable, Refused."""
    async with _signed_in(settings) as token:
        host = _ANY_HOST.get(settings.http.host, settings.http.host)
        place = f"[{host}]" if ":" in host else host
        url = f"http://{place}:{settings.http.port}{ROOT}/pbx/{asked.pbx}/test-call"
        headers = {"Cookie": f"{COOKIE}={token}", "X-Requested-With": "callcenter"}
        timeout = aiohttp.ClientTimeout(total=30)
        try:
            async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
                return await _followed(http, url, asked, tell)
        except (aiohttp.ClientError, TimeoutError) as wrong:
            raise Unavailable(f"the service does not answer at {url}; start it: callcenter run") from wrong


async def _followed(http: aiohttp.ClientSession, url: str, asked: Asked, tell: Callable[[str], None]) -> bool:
    wish = {"queue": asked.queue, "did": asked.did, "agent": asked.agent}
    report = await _json(http, "POST", url, wish)
    mine, shown = report["id"], set[str]()
    async with asyncio.timeout(_LONGEST_SECONDS):
        while True:
            report = (await _json(http, "GET", url))["test_call"]
            if report is None or report["id"] != mine:
                raise Unavailable("the service began anew in the middle of the test")
            for step in report["steps"]:
                if step["state"] in OVER and step["name"] not in shown:
                    shown.add(step["name"])
                    tell(line(step))
            if report["ended_at"]:
                tell(f"called {report['did']} in {report['context']}" if report["did"] else "no call was made")
                return bool(report["ok"])
            await asyncio.sleep(_LOOK_SECONDS)


def line(step: Mapping[str, Any]) -> str:
    """A step as a line or two."""
    state = StepState(step["state"])
    took = f"{step['ms']:8.0f} ms" if step["ms"] is not None else ""
    told = f"{step['name']:<9} {_SIGNS.get(state, ''):<7}{took} {step['code']}".rstrip()
    return f"{told}\n  remedy: {step['remedy']}" if step["remedy"] else told


async def _json(http: aiohttp.ClientSession, method: str, url: str, body: Any = None) -> Any:
    async with http.request(method, url, json=body) as answer:
        told = await answer.json(content_type=None)
        if answer.status >= 400:
            raise Refused(told.get("detail") or told.get("code", ""), code=told.get("code", "refused"))
        return told


@asynccontextmanager
async def _signed_in(settings: Settings) -> AsyncIterator[str]:
    """A session of the first administrator there is, for as long as this lasts."""
    db = Database(settings.database)
    await db.start()
    clock = SystemClock()
    try:
        token, who = await db.write(lambda s: _begin(s, clock))
        try:
            yield token
        finally:
            await db.write(lambda s: _end(s, who, token, clock))
    finally:
        await db.close()


def _begin(session: Session, clock: SystemClock) -> tuple[str, Any]:
    admins = select(User).where(User.role == UserRole.ADMIN, User.active).order_by(User.id).limit(1)
    user = session.scalars(admins).first()
    if user is None:
        raise Refused("there is no administrator yet; see: callcenter user add --role admin")
    return sessions.begin(session, user, Visitor(address="", software="callcenter doctor"), clock.now()), user.id


def _end(session: Session, who: Any, token: str, clock: SystemClock) -> None:
    found = sessions.actor(session, token, clock.now())
    if found:
        sessions.revoke(session, who, clock.now(), only=found.session)
