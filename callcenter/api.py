"""What every route shares: the keys of the parts, views over typed models, refusals as problem+json, safe headers."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp_pydantic import PydanticView
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from callcenter.bus import Bus
from callcenter.call import Changed
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.db import Database
from callcenter.errors import CallcenterError, Forbidden, Invalid, NotFound, Refused
from callcenter.events import CallEvent
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.log import logger

DB: web.AppKey[Database] = web.AppKey("db", Database)
BUS: web.AppKey[Bus] = web.AppKey("bus", Bus)
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
HEALTH: web.AppKey[Health] = web.AppKey("health", Health)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
TAKE: web.AppKey[Callable[[CallEvent], Awaitable[Changed | None]]] = web.AppKey("take")
"""Puts an event of ours (an outcome, a chosen customer) into its call's order and waits for its commit."""

ROOT: Final = "/api/v1"
F = TypeVar("F", bound=Callable[..., Any])
log = logger(__name__)
_ANSWER_HEADERS: Final[web.RequestKey[dict[str, str]]] = web.RequestKey("answer_headers", dict)
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_REASONS: Final = {
    "missing": "required",
    "extra_forbidden": "unknown",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_short",
    "too_long": "too_long",
    "literal_error": "not_allowed",
    "enum": "not_allowed",
    "not_allowed": "not_allowed",
    "string_unicode": "not_allowed",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}
_CODES: Final = {400: "malformed", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def _without_nul(text: str) -> str:
    # PostgreSQL keeps no NUL in text and would fail in the middle of a write.
    if "\0" in text:
        raise PydanticCustomError("not_allowed", "must not contain NUL")
    return text


Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_without_nul)]
Prose = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_without_nul)]
Limit = Annotated[int, Field(ge=1, le=200)]


class Body(BaseModel):
    """What a request brings. Unknown fields are refused, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Answer(BaseModel):
    """What a response carries."""

    model_config = ConfigDict(from_attributes=True, serialize_by_alias=True, defer_build=True)


class Problem(Answer):
    """RFC 9457. ``code`` is stable; ``fields`` maps the path of a wrong field to its reason code."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str = ""
    fields: dict[str, str] | None = None


def creates(method: F) -> F:
    """Marks a view's method whose answer is something new: 201."""
    method.__dict__["answers"] = HTTPStatus.CREATED
    return method


class View(PydanticView):
    """A resource. Methods take typed path, query and body, and return the model they answer (None: 204)."""

    async def _iter(self) -> web.StreamResponse:
        name = self.request.method
        if name not in self.allowed_methods:
            raise web.HTTPMethodNotAllowed(name, self.allowed_methods)
        if self.request.can_read_body:
            await self._readable()
        method = getattr(self, name.lower())
        answer = await method()
        if isinstance(answer, web.StreamResponse):
            return answer
        headers = self.request.get(_ANSWER_HEADERS, {})
        if answer is None:
            return web.Response(status=204, headers=headers)
        status = getattr(method, "answers", HTTPStatus.OK)
        text = answer.model_dump_json()
        return web.Response(text=text, status=status, content_type="application/json", headers=headers)

    def answer_header(self, name: str, value: str) -> None:
        self.request[_ANSWER_HEADERS] = {**self.request.get(_ANSWER_HEADERS, {}), name: value}

    async def on_validation_error(self, exception: ValidationError, context: str) -> web.StreamResponse:
        """Says which fields are wrong and why; never what was in them."""
        if context == "path":
            raise NotFound("there is no such thing")
        fields = {
            ".".join(map(str, error["loc"])) or "body": _REASONS.get(error["type"], "invalid")
            for error in exception.errors(include_input=False, include_url=False)
        }
        raise Invalid("some fields are not acceptable", fields=fields)

    async def _readable(self) -> None:
        try:
            await self.request.json()
        except (ValueError, LookupError, RecursionError):
            raise Invalid("the body is not JSON", code="malformed") from None


def problem(status: int, code: str, detail: str = "", fields: Mapping[str, str] | None = None) -> web.Response:
    """The answer to a request that is refused or failed."""
    title = HTTPStatus(status).phrase
    told = Problem(title=title, status=status, code=code, detail=detail, fields=dict(fields) if fields else None)
    text = told.model_dump_json(exclude_none=True)
    return web.Response(text=text, status=status, content_type="application/problem+json")


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns everything that goes wrong into problem+json. The outermost middleware."""
    try:
        return await handler(request)
    except web.HTTPException as answer:
        if answer.status < 400:
            raise
        response = problem(answer.status, _CODES.get(answer.status, "refused"))
        if allowed := answer.headers.get("Allow"):
            response.headers["Allow"] = allowed
        return response
    except CallcenterError as no:
        response = problem(no.status, no.code, str(no), getattr(no, "fields", None))
        if wait := getattr(no, "retry_after", None):
            response.headers["Retry-After"] = str(wait)
        return response
    except Exception as wrong:
        bug = str(new_id())
        resource = request.match_info.route.resource
        route = resource.canonical if resource else ""
        # Where it broke, but not what it said: messages quote rows and input, which are personal data.
        trace = "".join(traceback.format_tb(wrong.__traceback__))
        log.error("request_failed", bug=bug, method=request.method, route=route, error=type(wrong).__name__, at=trace)
        return problem(500, "internal", f"a bug; the log names it {bug}")


async def safe_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For ``app.on_response_prepare``: no page may frame us, run foreign scripts or keep customers' data in a cache."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")


def own_origin(request: web.Request) -> bool:
    """Whether the browser says that one of our own pages sent this. Programs send no Origin."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    public = request.app[SETTINGS].http.public_origin
    return origin == public.rstrip("/") if public else bool(origin) and urlsplit(origin).netloc == request.host


@web.middleware
async def own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses forged requests: a foreign page can send our cookie along, but neither this header nor our Origin."""
    if request.method not in _SAFE_METHODS:
        if not own_origin(request):
            raise Forbidden("this comes from a foreign page", code="foreign_origin")
        if request.cookies and request.headers.get("X-Requested-With") != "callcenter":
            raise Forbidden("the header X-Requested-With: callcenter is missing", code="csrf")
    return await handler(request)


def cursor(at: datetime | None, row: UUID) -> str:
    """Where a page ended, opaque to the caller."""
    text = json.dumps([at.isoformat() if at else None, row.hex])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime | None, UUID] | None:
    """Where to go on; None for the first page. Raises Invalid."""
    if not text:
        return None
    try:
        at, row = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return (datetime.fromisoformat(at).astimezone() if at else None), UUID(hex=row)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise Invalid("this cursor is not one of ours", fields={"cursor": "invalid"}) from None


def etag(version: int) -> str:
    return f'"{version}"'


def expect(request: web.Request, version: int) -> None:
    """Raises 412 when the caller says that he changes another version than the one that is there."""
    wanted = request.headers.get("If-Match", "*").strip()
    if wanted != "*" and etag(version) not in [tag.strip() for tag in wanted.split(",")]:
        raise Refused("it was changed meanwhile; load it again", code="conflict", status=412)
