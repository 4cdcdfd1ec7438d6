"""The OpenAPI description of what is served here."""

import re
from collections.abc import Mapping, Sequence

from petiole.core.domain.fields import JsonValue
from petiole.core.ports.engagement_receiver import EngagementReceiver

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")

_TOLD: JsonValue = {
    "type": "object",
    "required": ["errorCode", "message"],
    "properties": {"errorCode": {"type": "integer"}, "message": {"type": "string"}},
}
_ANSWERS: Mapping[str, str] = {
    "200": "What was to specification is stored.",
    "400": "Nothing of it is to specification; it is kept for analysis.",
    "401": "The caller is not known.",
    "403": "The credentials are wrong.",
    "405": "There is no such method here.",
    "408": "The body came too slowly.",
    "413": "The body is too large.",
    "429": "Too much waits to be stored; come again after `Retry-After` seconds.",
    "503": "Nothing can be stored for now; come again after `Retry-After` seconds.",
}


def describe(receivers: Sequence[EngagementReceiver], *, version: str) -> Mapping[str, JsonValue]:
    """Describe the routes of receivers, and those of the host itself."""
    paths: dict[str, JsonValue] = {"/healthz": _health(), "/openapi.json": _description()}
    for receiver in receivers:
        for route in receiver.routes():
            methods = paths.setdefault(route.path, {})
            if isinstance(methods, dict):
                methods[route.method.lower()] = _push(route.path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "petiole", "version": version},
        "paths": paths,
        "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
    }


def _push(path: str) -> JsonValue:
    """Describe a push. What a body must hold is the platform's affair: here it is any JSON."""
    inside: list[JsonValue] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PLACEHOLDER.findall(path)
    ]
    whom: JsonValue = {"name": "partnerId", "in": "query", "schema": {"type": "string"}}
    body: JsonValue = {"type": "object", "properties": {"interactions": {"type": "array"}}}
    return {
        "summary": "Tell what recipients did.",
        "security": [{"basic": []}],
        "parameters": [*inside, whom],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {status: _answer(status, told) for status, told in _ANSWERS.items()},
    }


def _answer(status: str, told: str) -> JsonValue:
    schema: JsonValue = {"type": "object"} if status == "200" else _TOLD
    return {"description": told, "content": {"application/json": {"schema": schema}}}


def _health() -> JsonValue:
    content: JsonValue = {"application/json": {"schema": {"type": "object"}}}
    return {
        "get": {
            "summary": "Tell whether the host can deliver and store.",
            "responses": {
                "200": {"description": "It can.", "content": content},
                "503": {"description": "It cannot.", "content": content},
            },
        }
    }


def _description() -> JsonValue:
    content: JsonValue = {"application/json": {"schema": {"type": "object"}}}
    return {
        "get": {
            "summary": "Describe what is served here.",
            "responses": {"200": {"description": "This description.", "content": content}},
        }
    }
