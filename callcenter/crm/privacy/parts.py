"""What the routes of the law keep beside the database."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from callcenter.crm.privacy.erasure import Eraser
from callcenter.crm.privacy.files import Files
from callcenter.crm.privacy.nights import Nights


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The files, and who clears and erases."""

    files: Files
    eraser: Eraser
    nights: Nights


LAW: web.AppKey[Law] = web.AppKey("law", Law)


def provide(app: web.Application, law: Law) -> None:
    """Hands them to the routes."""
    app[LAW] = law
