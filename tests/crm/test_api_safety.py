"""What foreign pages, hostile text and broken requests come to."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from callcenter.config import Http
from callcenter.db import Database
from tests.crm.office import OURS, Office, open_office

HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE customers; --",
    "{{7*7}}${7*7}",
    "=cmd|' /C calc'!A0",
    "\u202eevil\u202d \u0000".replace("\u0000", ""),
    "👩‍👩‍👧‍👦 Ⅷ \ufffd \x7f",
    'Robert"\\\r\nX-Injected: 1',
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_kept_and_given_back_as_it_was(both: Office, text: str) -> None:
    anna = await both.signed_in("anna")
    card = (await anna.post("/customers", {"name": text, "note": text})).body
    read = await anna.get(f"/customers/{card['id']}")
    assert (read.body["name"], read.body["note"]) == (text.strip(), text.strip())
    assert read.headers["Content-Type"].startswith("application/json")
    assert read.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/me", "/customers", "/calls", "/users", "/outcomes", "/sessions", "/nowhere"])
async def test_nobody_passes_without_a_session(office: Office, path: str) -> None:
    answer = await (await office.caller()).get(path)
    assert (answer.status, answer.code) == (401, "signed_out")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_request_that_another_page_could_have_sent_is_refused(office: Office, method: str) -> None:
    anna = await office.signed_in("anna")
    forged = await office.caller(headers={})
    forged.http.cookie_jar.update_cookies({c.key: c.value for c in anna.http.cookie_jar})
    assert (await forged.get("/me")).status == 200
    answer = await forged.send(method, "/me", {"language": "ru"})
    assert (answer.status, answer.code) == (403, "csrf")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1.evil.example"])
async def test_a_foreign_origin_is_refused(office: Office, origin: str) -> None:
    anna = await office.signed_in("anna")
    answer = await anna.patch("/me", {"language": "ru"}, Origin=origin)
    assert (answer.status, answer.code) == (403, "foreign_origin")
    assert (await anna.get("/me")).body["language"] == "en"


async def test_our_own_origin_passes(office: Office) -> None:
    anna = await office.signed_in("anna")
    own = str(office.server.make_url("")).rstrip("/")
    assert (await anna.patch("/me", {"language": "ru"}, Origin=own)).status == 200


async def test_behind_a_proxy_the_public_origin_is_ours(sqlite_db: Database) -> None:
    async with open_office(sqlite_db, Http(public_origin="https://crm.example", secure_cookie=True)) as office:
        await office.person("anna")
        anna = await office.caller(headers={**OURS, "Origin": "https://crm.example"})
        answer = await office.sign_in(anna, "anna")
        assert answer.status == 200
        assert answer.headers["Set-Cookie"].endswith("; Secure")
        own = str(office.server.make_url("")).rstrip("/")
        assert (await anna.patch("/me", {"language": "ru"}, Origin=own)).code == "foreign_origin"


async def test_every_answer_carries_safe_headers(office: Office) -> None:
    anna = await office.signed_in("anna")
    for answer in (await anna.get("/me"), await anna.get("/nowhere"), await anna.get("/healthz")):
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert (await anna.get("/me")).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "data", [b"{", b"", b"[]", b"\xff\xfe", b"null", b'"x"', b"[" * 100_000, b'{"name": ' + b"9" * 5000 + b"}"]
)
async def test_a_broken_body_is_the_senders_fault(office: Office, data: bytes) -> None:
    anna = await office.signed_in("anna")
    answer = await anna.raw("POST", "/customers", data)
    assert answer.status in (400, 422)
    assert answer.code in ("malformed", "invalid")


async def test_a_lone_surrogate_is_refused(office: Office) -> None:
    anna = await office.signed_in("anna")
    answer = await anna.raw("POST", "/customers", b'{"name": "\\ud800"}')
    assert (answer.status, answer.fields) == (422, {"name": "not_allowed"})


async def test_a_giant_body_is_refused(office: Office) -> None:
    anna = await office.signed_in("anna")
    answer = await anna.raw("POST", "/customers", io.BytesIO(b'{"note": "' + b"x" * 2_000_000 + b'"}'))
    assert (answer.status, answer.code) == (413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/customers/not-a-uuid", 404, "not_found"),
        ("GET", "/customers/018f0000-0000-7000-8000-000000000000", 404, "not_found"),
        ("GET", "/calls/018f0000-0000-7000-8000-000000000000", 404, "not_found"),
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/customers", 405, "method_not_allowed"),
        ("GET", "/customers?limit=201", 422, "invalid"),
        ("GET", "/customers?limit=0", 422, "invalid"),
        ("GET", "/customers?limit=1&limit=2", 422, "invalid"),
        ("GET", "/customers?q=%00", 422, "invalid"),
        ("GET", "/calls?from=yesterday", 422, "invalid"),
        ("GET", "/calls?from=2026-11-24T09:00:00", 422, "invalid"),
        ("GET", "/calls?state=asleep", 422, "invalid"),
    ],
)
async def test_what_is_wrong_is_told_by_a_code(office: Office, method: str, path: str, status: int, code: str) -> None:
    anna = await office.signed_in("anna")
    answer = await anna.send(method, path)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_input_is_never_echoed(office: Office) -> None:
    anna = await office.signed_in("anna")
    secret = "+79160000001"
    answers: list[Any] = [
        await anna.post("/customers", {"status": secret}),
        await anna.post("/customers", {"numbers": [{"raw": secret * 30}]}),
        await anna.put("/me/extension", {"extension": secret}),
        await anna.get(f"/calls?cursor=%2B{secret[1:]}"),
    ]
    assert all(a.status in (404, 422) for a in answers)
    assert not any(secret in a.text for a in answers)


async def test_a_bug_says_no_more_than_its_name(office: Office, service_log: Path) -> None:
    secret = "+7916" + "0000001"

    async def broken(_request: web.Request) -> web.Response:
        raise ValueError(f"{secret} in the message")

    app = office.server.app
    app._router._frozen = False
    app.router.add_get("/broken", broken)
    answer = await (await office.caller()).http.get("/broken")
    body = await answer.json(content_type=None)
    assert (answer.status, body["code"]) == (500, "internal")
    logged = await asyncio.to_thread(service_log.read_text)
    assert body["detail"].split()[-1] in logged
    assert secret not in str(body) + logged
