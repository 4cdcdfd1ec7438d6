"""What is served besides the receivers: how the host is, and the description of it all."""

import asyncio
from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from petiole.core.domain.fields import JsonValue

Health = Callable[[], Mapping[str, bool]]
"""Tells by name what works."""


def site(*, health: Health, description: Mapping[str, JsonValue]) -> Starlette:
    """Make the application."""

    async def healthz(request: Request) -> Response:
        del request
        parts = await asyncio.to_thread(health)
        well = all(parts.values())
        told = {"status": "ok" if well else "unwell", **parts}
        return JSONResponse(told, status_code=200 if well else 503)

    async def openapi(request: Request) -> Response:
        del request
        return JSONResponse(description)

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/openapi.json", openapi)],
        exception_handlers={HTTPException: _refused},
    )


async def _refused(request: Request, error: Exception) -> Response:
    """Say what Starlette refuses in JSON, as everything here."""
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    headers = error.headers if isinstance(error, HTTPException) else None
    told = {"errorCode": status, "message": detail.lower()}
    return JSONResponse(told, status_code=status, headers=headers)
