"""Agents who log their own outcomes and call missed customers back, through the same HTTP API as everybody.

A desk somebody else has signed in to, in a browser or by a program, is his until he signs out: nothing is ever
logged for him.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

from callcenter.demo import cast
from callcenter.demo.pace import Pace
from callcenter.log import logger

log = logger(__name__)
SOFTWARE: Final = "callcenter-demo"
_LOOK_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 10.0
_BETWEEN_CALL_BACKS: Final = (30.0, 90.0)
_LEFT_FOR_VISITORS: Final = 120.0
_COMMENTS: Final = ("Explained and done.", "Will ring again on Monday.", "Asked for a written answer.")


class _SignedOut(Exception):
    """The session is not valid (any more)."""


def _age(task: dict[str, Any]) -> float:
    """Seconds since the customer's last attempt."""
    last = datetime.fromisoformat(task["last_missed_at"])
    return (datetime.now(UTC) - last).total_seconds()


@dataclass(slots=True, kw_only=True)
class Colleague:
    """One agent. ``run`` works until cancelled."""

    username: str
    extension: str
    address: str
    pace: Pace
    rng: random.Random
    due: dict[str, float] = field(default_factory=dict)
    calls_back_at: float = 0.0

    async def run(self) -> None:
        """Signs in and works; tries again when the service does not answer."""
        timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        headers = {"X-Requested-With": "callcenter", "User-Agent": SOFTWARE}
        while True:
            jar = aiohttp.CookieJar(unsafe=True)
            try:
                async with aiohttp.ClientSession(headers=headers, cookie_jar=jar, timeout=timeout) as http:
                    await self._work(http)
            except (_SignedOut, aiohttp.ClientError, TimeoutError) as wrong:
                log.info("colleague_stopped", reason=type(wrong).__name__)
            await self.pace.sleep(_LOOK_SECONDS)

    async def _work(self, http: aiohttp.ClientSession) -> None:
        body = {"username": self.username, "password": cast.PASSWORD}
        await self._ask(http, "POST", "/session", body)
        while True:
            if not await self._somebody_else(http):
                await self._sit(http)
                pops = (await self._ask(http, "GET", "/me/board"))["pops"]
                for pop in pops:
                    if pop["phase"] == "wrapup":
                        await self._settle(http, pop["id"])
                if not pops:
                    await self._call_back(http)
            await self.pace.sleep(_LOOK_SECONDS)

    async def _somebody_else(self, http: aiohttp.ClientSession) -> bool:
        sessions = (await self._ask(http, "GET", "/sessions"))["items"]
        return any(session["agent_software"] != SOFTWARE for session in sessions)

    async def _sit(self, http: aiohttp.ClientSession) -> None:
        """Back to the desk after a visitor has left it."""
        if (await self._ask(http, "GET", "/me"))["extension"] is None:
            await self._ask(http, "PUT", "/me/extension", {"extension": self.extension})

    async def _settle(self, http: aiohttp.ClientSession, segment: str) -> None:
        """Thinks for a few seconds, then logs what came of the talk."""
        now = self.pace.now()
        if now < self.due.setdefault(segment, now + self.rng.uniform(3, 7)):
            return
        offered = (await self._ask(http, "GET", f"/segments/{segment}/outcome-choices"))["items"]
        easy = [one for one in offered if not (one["group"] or one["system"] or one["follow_up"] or one["missing"])]
        outcome = self.rng.choice(easy or [one for one in offered if one["system"] == "silent"])
        comment = "" if outcome["comment"] == "none" else self.rng.choice(_COMMENTS).ljust(outcome["comment_min"], ".")
        body = {"outcome": outcome["code"], "comment": comment, "confirmed": True}
        await self._ask(http, "PUT", f"/segments/{segment}/outcome", body)
        self.due.pop(segment, None)

    async def _call_back(self, http: aiohttp.ClientSession) -> None:
        """Now and then somebody missed whom no visitor wanted to call."""
        now = self.pace.now()
        if now < self.calls_back_at:
            return
        self.calls_back_at = now + self.rng.uniform(*_BETWEEN_CALL_BACKS)
        missed = (await self._ask(http, "GET", "/tasks?unclaimed=true&missed=true&limit=10"))["items"]
        waiting = [task for task in missed if _age(task) / self.pace.scale > _LEFT_FOR_VISITORS]
        if waiting:
            async with http.post(f"{self.address}/api/v1/calls", json={"task_id": waiting[0]["id"]}) as answer:
                log.info("colleague_calls_back", status=answer.status)

    async def _ask(
        self, http: aiohttp.ClientSession, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        async with http.request(method, f"{self.address}/api/v1{path}", json=body) as answer:
            if answer.status == 401:
                raise _SignedOut
            if answer.status >= 400:
                log.warning("colleague_refused", path=path.partition("?")[0].split("/")[1], status=answer.status)
                raise aiohttp.ClientError(f"{method} was answered {answer.status}")
            found: dict[str, Any] = await answer.json()
            return found
