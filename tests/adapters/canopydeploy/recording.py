"""How calls are recorded from the twin: without the place, without chance, without secrets."""

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

from vcr.request import Request

from petiole.plugins.canopydeploy.sandbox import Sandbox

Stage: TypeAlias = Callable[[Callable[[Sandbox], object]], None]
"""Steers the twin while recording; does nothing while replaying."""

Scrub: TypeAlias = Callable[[Request], None]


def _nothing(request: Request) -> None:
    del request


def recorder_settings(*, host: str, path: str, scrub: Scrub = _nothing) -> Mapping[str, object]:
    """Record calls to addresses below `path` as if they went to `host`; others are steering."""

    def in_place(request: Request) -> Request | None:
        parts = urlsplit(request.uri)
        if not parts.path.startswith(path):
            return None
        request.uri = parts._replace(scheme="https", netloc=host).geturl()
        scrub(request)
        return request

    return {
        "match_on": ["method", "scheme", "host", "path", "query", "body"],
        "filter_headers": ["authorization", "content-length", "cookie", "host", "user-agent"],
        "filter_query_parameters": ["token"],
        "before_record_request": in_place,
        "before_record_response": _without_chance,
    }


def _without_chance(response: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    dropped = {"date", "server", "set-cookie"}
    headers = response["headers"]
    kept = {name: value for name, value in headers.items() if name.lower() not in dropped}
    return {**response, "headers": kept}
