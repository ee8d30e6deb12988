"""For machines: health, metrics and the OpenAPI document."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aiohttp import web

from callcenter.crm.api_spec import document, put_aside
from callcenter.crm.routes import add_routes
from callcenter.website import openapi
from tests.crm.office import Office


@pytest.fixture
def spec() -> dict[str, Any]:
    app = web.Application()
    add_routes(app)
    return document(app)


def operations(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in spec["paths"].values() for operation in methods.values()]


async def test_ready_means_that_database_and_pbx_answer(both: Office) -> None:
    caller = await both.caller()
    assert (await caller.get("/healthz")).body == {"ok": True}
    await both.health.well("pbx:main")
    assert (await caller.get("/readyz")).status == 200
    await both.health.ill("speech", "model_missing", "set CALLCENTER_SPEECH__MODEL")
    assert (await caller.get("/readyz")).status == 200
    await both.health.ill("pbx:main", "refused", "start Asterisk")
    answer = await caller.get("/readyz")
    assert (answer.status, answer.body["parts"]["pbx:main"]) == (503, {"ok": False, "code": "refused"})


async def test_metrics_are_printed(office: Office) -> None:
    answer = await (await office.caller()).get("/metrics")
    assert "callcenter_outcomes_owed" in answer.text


async def test_the_document_is_served_without_a_session(office: Office, spec: dict[str, Any]) -> None:
    served = await (await office.caller()).get("/api/openapi.json")
    assert served.body == spec


def test_every_operation_has_its_own_name_and_tells_how_it_refuses() -> None:
    served = operations(openapi())
    names = [operation["operationId"] for operation in served]
    assert len(names) == len(set(names)) >= 25
    assert all("application/problem+json" in o["responses"]["422"]["content"] for o in served)
    assert all(o["description"] for o in served)


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    found = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(spec)))
    assert {"CallAnswer", "CustomerAnswer", "Problem"} <= found <= set(spec["components"]["schemas"])


def test_only_signing_in_needs_no_session(spec: dict[str, Any]) -> None:
    assert spec["paths"]["/api/v1/session"]["post"]["security"] == []
    assert [o["operationId"] for o in operations(spec) if "security" in o] == ["postSession"]
    assert spec["security"] == [{"session": []}]
    calls = spec["paths"]["/api/v1/calls"]["get"]["parameters"]
    assert {"from", "to", "limit", "cursor"} <= {p["name"] for p in calls}


def test_two_models_of_one_name_are_a_fault() -> None:
    """The document would describe one of the two as the other, and so would every client made of it."""
    schemas: dict[str, Any] = {"Card": {"type": "object"}}
    with pytest.raises(TypeError, match="Card"):
        put_aside(schemas, "Card", {"type": "string"})
