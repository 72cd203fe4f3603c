"""The description of the interface for programs (OpenAPI 3.1): each package adds its own paths to it."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

BINARY = {"type": "string", "format": "binary"}
TEXT = {"type": "string"}
OPENAPI = "3.1.0"


def add_paths(app_or_setup: Any, paths: Mapping[str, Any], schemas: Mapping[str, Any] | None = None) -> None:
    """Call it from a blueprint's record_once with its setup state. Paths are spelled as OpenAPI does: /v/{code}."""
    app = getattr(app_or_setup, "app", app_or_setup)
    found: dict[str, Any] = app.extensions.setdefault("interface", {"paths": {}, "schemas": {}})
    found["paths"].update(paths)
    found["schemas"].update(schemas or {})


def description(app: Flask, version: str) -> dict[str, Any]:
    found = app.extensions["interface"]
    return {
        "openapi": OPENAPI,
        "info": {"title": "certengine", "version": version},
        "paths": dict(sorted(found["paths"].items())),
        "components": {"schemas": found["schemas"]},
    }


def parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def said(words: str) -> dict[str, Any]:
    return {"description": words}


def content(words: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {kind: {"schema": schema}}}


def in_json(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return content(words, "application/json", schema)


def _limited(responses: dict[str, Any]) -> dict[str, Any]:
    return {**responses, "429": said("Too many requests: wait as Retry-After says")}


def get(name: str, parameters: list[dict[str, Any]], responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": name, "parameters": parameters, "responses": _limited(responses)}}


def post(name: str, kind: str, responses: dict[str, Any], schema: dict[str, Any] | None = None) -> dict[str, Any]:
    body = {"required": True, "content": {kind: {"schema": schema or BINARY}}}
    return {"post": {"operationId": name, "requestBody": body, "responses": _limited(responses)}}
