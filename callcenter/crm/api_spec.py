"""The OpenAPI document, made of the routes themselves: no database is needed for it.

aiohttp-pydantic's own generator speaks OpenAPI 3.0 and fails on optional enumerations; its reading of a method's
signature is used here, so the document cannot differ from what is validated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from inspect import getdoc
from typing import Any, Final, get_type_hints

from aiohttp import web
from aiohttp_pydantic.injectors import _parse_func_signature
from pydantic import BaseModel, TypeAdapter, create_model
from pydantic.json_schema import JsonSchemaMode

from callcenter.api import Problem, View
from callcenter.crm.access import COOKIE

_REF: Final = "#/components/schemas/{model}"
_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
_REFUSALS: Final = (401, 403, 404, 409, 412, 422, 429, 503)
_UNSAFE: Final = frozenset({"post", "put", "patch", "delete"})
Schemas = dict[str, Any]


def document(app: web.Application) -> dict[str, Any]:
    """The document of an application's routes."""
    schemas: Schemas = {}
    paths: dict[str, Any] = {}
    for path, method, handler in _operations(app):
        paths.setdefault(path, {})[method] = _operation(method, handler, schemas)
    if sign_in := paths.get("/api/v1/session"):
        sign_in["post"]["security"] = []
    _schema(Problem, schemas, "serialization")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Callcenter", "version": _version(), "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}},
        },
        "security": [{"session": []}],
    }


def add_routes(app: web.Application) -> None:
    app.router.add_get("/api/openapi.json", _answer)


async def _answer(request: web.Request) -> web.Response:
    return web.json_response(document(request.app))


def _operations(app: web.Application) -> Iterator[tuple[str, str, Any]]:
    for resource in app.router.resources():
        for route in resource:
            view = route.handler
            if isinstance(view, type) and issubclass(view, View):
                for method in sorted(view.allowed_methods):
                    yield resource.canonical, method.lower(), getattr(view, method.lower())


def _operation(method: str, handler: Any, schemas: Schemas) -> dict[str, Any]:
    in_path, in_body, in_query, _, defaults = _parse_func_signature(handler)
    noun = handler.__qualname__.removesuffix(f".{method}").removesuffix("View")
    operation: dict[str, Any] = {
        "operationId": f"{method}{noun}",
        "description": getdoc(handler) or "",
        "parameters": [
            *(_parameter("path", name, kind, schemas, {}) for name, kind in in_path.items()),
            *(_parameter("query", name, kind, schemas, defaults) for name, kind in in_query.items()),
            *_headers(method, handler),
        ],
        "responses": {**_answers(handler, schemas), **{str(code): _refusal(code) for code in _REFUSALS}},
    }
    for body in in_body.values():
        content = {"application/json": {"schema": _schema(body, schemas, "validation")}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(where: str, name: str, kind: Any, schemas: Schemas, defaults: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: (kind, defaults.get(name, ...))}
    model = create_model("Parameter", **fields)
    shape = model.model_json_schema(ref_template=_REF, mode="validation")
    schemas.update(shape.get("$defs", {}))
    ((told_name, schema),) = shape["properties"].items()
    return {"in": where, "name": told_name, "required": name not in defaults, "schema": schema}


def _headers(method: str, handler: Any) -> Iterator[dict[str, Any]]:
    if method in _UNSAFE:
        yield _header("X-Requested-With", {"type": "string", "const": "callcenter"})
    if method == "patch":
        yield _header("If-Match", {"type": "string"})
    if hasattr(handler, "answers"):
        yield _header("Idempotency-Key", {"type": "string", "maxLength": 200})


def _header(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": False, "schema": schema}


def _answers(handler: Any, schemas: Schemas) -> dict[str, Any]:
    kind = get_type_hints(handler).get("return")
    if kind is type(None):
        return {"204": {"description": HTTPStatus.NO_CONTENT.phrase}}
    status = HTTPStatus(getattr(handler, "answers", HTTPStatus.OK))
    answer: dict[str, Any] = {"description": status.phrase}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        answer["content"] = {"application/json": {"schema": _schema(kind, schemas, "serialization")}}
    return {str(int(status)): answer}


def _refusal(code: int) -> dict[str, Any]:
    return {"description": HTTPStatus(code).phrase, "content": _PROBLEM}


def _schema(kind: Any, schemas: Schemas, mode: JsonSchemaMode) -> dict[str, Any]:
    """The kind's schema; models are put aside under their names and referred to."""
    schema = TypeAdapter(kind).json_schema(ref_template=_REF, mode=mode)
    for name, model in schema.pop("$defs", {}).items():
        put_aside(schemas, name, model)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        put_aside(schemas, kind.__name__, schema)
        return {"$ref": _REF.format(model=kind.__name__)}
    return schema


def put_aside(schemas: Schemas, name: str, schema: dict[str, Any]) -> None:
    """Raises TypeError for a second model of one name: the document would describe one of the two wrongly."""
    if schemas.setdefault(name, schema) != schema:
        raise TypeError(f"two models of the API are called {name}: rename one")


def _version() -> str:
    try:
        return version("callcenter")
    except PackageNotFoundError:
        return "0"
