"""Where platforms' calls arrive: an ASGI application below all others, as it is called most.

A call is answered only after what it brought is on disk. Whoever may not call, sends too much or
too slowly is turned away with as little work as possible.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from petiole.core.domain.change import AccountName
from petiole.core.ports.clock import Clock
from petiole.core.ports.engagement_receiver import (
    EngagementReceiver,
    InboundAnswer,
    InboundCall,
)
from petiole.host.receiving import Outcome, Parcel, Receiving

RETRY_AFTER_SECONDS = 5
"""When to come again, if too much waits for the disk or that cannot be written."""

_JSON = (b"content-type", b"application/json")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """One receiver, with the account whose profiles it hears of."""

    account: AccountName
    receiver: EngagementReceiver


@dataclass(frozen=True, slots=True)
class Limits:
    """What a call may weigh, and how long its body may take."""

    max_body_bytes: int
    body_seconds: float


@dataclass(frozen=True, slots=True)
class _Door:
    """One path, and by method the desks behind it: several where connections share a path."""

    path: re.Pattern[str]
    desks: Mapping[str, Sequence[Desk]]


class _TooLargeError(Exception):
    pass


class _GoneError(Exception):
    pass


class Reception:
    """Takes the calls of receivers; hands all others on."""

    def __init__(
        self,
        desks: Sequence[Desk],
        others: ASGIApp,
        *,
        receiving: Receiving,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._doors = _doors(desks)
        self._others = others
        self._receiving = receiving
        self._clock = clock
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] == "http":
            path = scope["path"]
            for door in self._doors:
                if door.path.fullmatch(path):
                    answer = await self._answer(door, scope, receive)
                    if answer is not None:
                        await _send(send, answer)
                    return
        await self._others(scope, receive, send)

    async def _answer(self, door: _Door, scope: Scope, receive: Receive) -> InboundAnswer | None:
        """Answer a call, or nobody if the caller is gone."""
        desks = door.desks.get(scope["method"])
        if desks is None:
            return _told(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": ", ".join(door.desks)})
        try:
            return await self._heard(desks, scope, receive)
        except TimeoutError:
            return _told(HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"})
        except _TooLargeError:
            return _told(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"Connection": "close"})
        except _GoneError:
            return None
        except Exception:  # noqa: BLE001 - a stranger's code; the caller is told nothing of it
            _log.exception("a receiver failed")
            return _told(HTTPStatus.INTERNAL_SERVER_ERROR)

    async def _heard(
        self, desks: Sequence[Desk], scope: Scope, receive: Receive
    ) -> InboundAnswer | None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        desk, refusal = _admitting(desks, headers)
        if desk is None:
            return refusal
        async with asyncio.timeout(self._limits.body_seconds):
            body = await self._body(headers, receive)
        return await self._take(desk, scope, headers, body)

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        most = self._limits.max_body_bytes
        announced = headers.get("content-length", "")
        if announced.isdecimal() and (len(announced) > len(str(most)) or int(announced) > most):
            raise _TooLargeError
        chunks, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _GoneError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > most:
                raise _TooLargeError
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    async def _take(
        self, desk: Desk, scope: Scope, headers: Mapping[str, str], body: bytes
    ) -> InboundAnswer:
        received = desk.receiver.receive(
            InboundCall(
                method=scope["method"],
                path=scope["path"],
                query=dict(
                    parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
                ),
                headers=headers,
                body=body,
                received_at=self._clock.now(),
            )
        )
        if not received.engagements and not received.refused:
            return received.answer
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        parcel = Parcel(
            desk.account, received.engagements, received.refused, len(body), sender=outcome
        )
        if not self._receiving.offer(parcel):
            return _told(HTTPStatus.TOO_MANY_REQUESTS, _LATER)
        match await outcome:
            case Outcome.STORED:
                return received.answer
            case Outcome.BUSY:
                return _told(HTTPStatus.SERVICE_UNAVAILABLE, _LATER)
            case Outcome.FAILED:
                return _told(HTTPStatus.INTERNAL_SERVER_ERROR)


class Waking:
    """Brings outcomes from the writer's thread to the calls that wait for them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def tell(self, parcels: Sequence[Parcel], outcome: Outcome) -> None:
        """Wake the calls that brought these."""
        with suppress(RuntimeError):  # the loop ended without waiting for these
            self._loop.call_soon_threadsafe(_settle, parcels, outcome)


def _settle(parcels: Sequence[Parcel], outcome: Outcome) -> None:
    for parcel in parcels:
        sender = parcel.sender
        if isinstance(sender, asyncio.Future) and not sender.done():
            sender.set_result(outcome)


_LATER: Mapping[str, str] = {"Retry-After": str(RETRY_AFTER_SECONDS)}


def _told(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> InboundAnswer:
    """Answer in petiole's own words, which tell nothing of the inside."""
    body = json.dumps({"errorCode": status.value, "message": status.phrase.lower()})
    return InboundAnswer(status=status, body=body.encode(), headers=headers)


def _admitting(
    desks: Sequence[Desk], headers: Mapping[str, str]
) -> tuple[Desk | None, InboundAnswer | None]:
    """Find who lets the caller in, else the first refusal."""
    refusals = []
    for desk in desks:
        refusal = desk.receiver.admits(headers)
        if refusal is None:
            return desk, None
        refusals.append(refusal)
    return None, refusals[0]


def _doors(desks: Sequence[Desk]) -> Sequence[_Door]:
    found: dict[str, dict[str, list[Desk]]] = {}
    for desk in desks:
        for route in desk.receiver.routes():
            found.setdefault(route.path, {}).setdefault(route.method, []).append(desk)
    return [_Door(_pattern(path), methods) for path, methods in found.items()]


def _pattern(path: str) -> re.Pattern[str]:
    """Make a pattern of a path whose parts in braces may be anything within one segment."""
    literals = _PLACEHOLDER.split(path)
    return re.compile("[^/]+".join(map(re.escape, literals)))


async def _send(send: Send, answer: InboundAnswer) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode())]
    given = answer.headers or {}
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()]
    if answer.body and not any(name == b"content-type" for name, _ in headers):
        headers.append(_JSON)
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
