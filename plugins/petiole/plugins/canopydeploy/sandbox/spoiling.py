"""What a fault does to one call."""

import json
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from petiole.plugins.canopydeploy.sandbox.bomb import gzip_bomb
from petiole.plugins.canopydeploy.sandbox.exchange import (
    NOTHING,
    Answer,
    Manner,
    error_answer,
    text_answer,
)
from petiole.plugins.canopydeploy.sandbox.fault import Fault
from petiole.plugins.canopydeploy.sandbox.rules import Rule
from petiole.plugins.canopydeploy.sandbox.settings import Settings
from petiole.plugins.canopydeploy.sandbox.soap import SoapFault, write_fault

MANNERS = {
    Fault.TIMEOUT_BEFORE: Manner.SILENCE,
    Fault.TIMEOUT_AFTER: Manner.SILENCE,
    Fault.CUT_BEFORE: Manner.CUT,
    Fault.CUT_AFTER: Manner.CUT,
    Fault.CUT_MIDWAY: Manner.MIDWAY,
    Fault.RESET_BEFORE: Manner.RESET,
    Fault.RESET_AFTER: Manner.RESET,
    Fault.HALF_CLOSED: Manner.HALF_CLOSED,
    Fault.IDLE_CLOSE: Manner.LAST,
    Fault.TRICKLE: Manner.TRICKLE,
    Fault.TRICKLE_BODY: Manner.TRICKLE_BODY,
    Fault.LENGTH_OVER: Manner.LONG,
    Fault.LENGTH_UNDER: Manner.SHORT,
    Fault.FLOOD: Manner.FLOOD,
}
"""How the answer travels where the answer itself is a good one."""

RAW = {
    Fault.NOT_HTTP: b"220 mail.example.org ESMTP\r\n",
    Fault.TLS_ALERT: b"\x15\x03\x01\x00\x02\x02\x46",  # fatal: no such version of the protocol
}
"""What other servers say when they are called by mistake."""

ECHOES = frozenset({Fault.ECHO_MISSING, Fault.ECHO_UNKNOWN, Fault.ECHO_TWICE, Fault.ECHO_SWAPPED})
"""The faults that answer for other records than were sent."""

PAGE = (
    "<!doctype html><html><head><title>Please wait</title></head>"
    "<body><h1>We will be back soon</h1></body></html>"
)

SHARD = b'[{"identifier":'
"""The beginning of an answer that was never made."""

STRANGER = "nobody-we-know"
"""An identifier that no caller sends."""


def spoiled(rule: Rule, serve: Callable[[], Answer], *, settings: Settings) -> Answer:
    """Answer a call as the rule wants it; `serve` applies it, if it is to be applied."""
    served = serve() if rule.applied else Answer(status=HTTPStatus.OK, body=SHARD)
    note = served.note if rule.applied else NOTHING
    return replace(_answer(rule, served, settings), note=replace(note, fault=rule.fault))


def _answer(rule: Rule, served: Answer, settings: Settings) -> Answer:
    if rule.fault in MANNERS:
        return replace(served, manner=MANNERS[rule.fault], seconds=_seconds(rule, settings))
    if rule.fault in RAW:
        return replace(served, body=RAW[rule.fault], manner=Manner.RAW)
    if rule.fault in ECHOES:
        key = settings.envelope.identifier
        return replace(served, body=_another_echo(rule.fault, served.body, key=key))
    return _another(rule, served)


def _another(rule: Rule, served: Answer) -> Answer:
    """Answer something else than the platform would."""
    match rule.fault:
        case Fault.BROKEN_JSON:
            return replace(served, body=served.body[: len(served.body) // 2])
        case Fault.GZIP_BOMB:
            packed = {**served.headers, "Content-Encoding": "gzip"}
            return replace(served, headers=packed, body=gzip_bomb())
        case Fault.STATUS:
            return error_answer(rule.status, rule.message, headers=rule.headers)
        case Fault.EMPTY:
            return Answer(status=HTTPStatus.OK)
        case _:
            text, media = _text(rule)
            answer = text_answer(text, status=rule.status, media=media)
            return replace(answer, headers={**answer.headers, **rule.headers})


def _text(rule: Rule) -> tuple[str, str]:
    """Return a body of the rule's own, and its media type."""
    match rule.fault:
        case Fault.BODY:
            return rule.body, rule.media
        case Fault.SOAP_FAULT:
            fault = SoapFault(str(rule.code), rule.message)
            return write_fault(fault).decode(), "text/xml"
        case _:
            return PAGE, "text/html"


def _another_echo(fault: Fault, body: bytes, *, key: str) -> bytes:
    """Return an echo of other records than were sent; what is no list of them stays."""
    try:
        echo = json.loads(body)
    except ValueError:
        return body
    if not isinstance(echo, list) or not echo:
        return body
    first, *rest = echo
    match fault:
        case Fault.ECHO_MISSING:
            echo = rest
        case Fault.ECHO_UNKNOWN:
            echo = [{**first, key: STRANGER}, *rest]
        case Fault.ECHO_TWICE:
            echo = [first, *echo]
        case _:
            echo = [*rest[-1:], *rest[:-1], first]
    return json.dumps(echo, separators=(",", ":")).encode("ascii")


def _seconds(rule: Rule, settings: Settings) -> float:
    trickles = rule.fault in {Fault.TRICKLE, Fault.TRICKLE_BODY}
    return settings.trickle_ms / 1000 if trickles else settings.hold_seconds
