"""Somebody who imports sheets over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from callcenter.crm.exchange.importer import Importer
from callcenter.db import Database
from tests.crm.office import Caller, Office

IMPORTERS: WeakKeyDictionary[Database, Importer] = WeakKeyDictionary()
"""Who works at the imports of an office: the routes only leave it work."""


def sheet(*rows: tuple[str, ...], encoding: str = "utf-8") -> bytes:
    return "".join(";".join(row) + "\n" for row in rows).encode(encoding)


@dataclass
class Importing:
    office: Office
    caller: Caller

    @property
    def importer(self) -> Importer:
        return IMPORTERS[self.office.db]

    async def upload(self, data: bytes, filename: str = "customers.csv") -> dict[str, Any]:
        async with self.caller.http.post(f"/api/v1/imports?filename={filename}", data=data) as response:
            body = await response.json(content_type=None)
            assert response.status == 201, body
            return dict(body)

    async def refused(self, data: bytes) -> str:
        async with self.caller.http.post("/api/v1/imports?filename=a", data=data) as response:
            assert response.status == 422
            return str((await response.json(content_type=None))["code"])

    async def plan(self, import_: dict[str, Any], **more: Any) -> dict[str, Any]:
        body = {name: import_[name] for name in ("mapping", "rule", "region")} | more
        answer = await self.caller.put(f"/imports/{import_['id']}/plan", body)
        assert answer.status == 200, answer.text
        await self.work()
        return await self.read(import_)

    async def run(self, import_: dict[str, Any], namesakes: str = "create") -> dict[str, Any]:
        answer = await self.caller.post(f"/imports/{import_['id']}/run?namesakes={namesakes}")
        assert answer.status == 200, answer.text
        await self.work()
        return await self.read(import_)

    async def undo(self, import_: dict[str, Any]) -> dict[str, Any]:
        answer = await self.caller.post(f"/imports/{import_['id']}/undo")
        assert answer.status == 200, answer.text
        await self.work()
        return await self.read(import_)

    async def whole(self, data: bytes, **more: Any) -> dict[str, Any]:
        """From the file to the end."""
        return await self.run(await self.plan(await self.upload(data), **more))

    async def work(self) -> None:
        assert await self.importer.work()

    async def read(self, import_: dict[str, Any]) -> dict[str, Any]:
        return dict((await self.caller.get(f"/imports/{import_['id']}")).body)

    async def cards(self, q: str = "") -> list[dict[str, Any]]:
        found = (await self.caller.get(f"/customers?limit=200&q={q}")).body["items"]
        return [dict((await self.caller.get(f"/customers/{card['id']}")).body) for card in found]

    async def names(self, q: str = "") -> list[str]:
        return sorted(card["name"] for card in (await self.caller.get(f"/customers?limit=200&q={q}")).body["items"])


async def importing(office: Office, username: str = "olga", role: str = "supervisor") -> Importing:
    return Importing(office, await office.signed_in(username, role))
