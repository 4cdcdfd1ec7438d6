"""What a fault does to one call."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from petiole.plugins.canopydeploy.sandbox.exchange import (
    NOTHING,
    Answer,
    Manner,
    error_answer,
    text_answer,
)
from petiole.plugins.canopydeploy.sandbox.rules import Fault, Rule
from petiole.plugins.canopydeploy.sandbox.settings import Settings

MANNERS = {
    Fault.TIMEOUT_BEFORE: Manner.SILENCE,
    Fault.TIMEOUT_AFTER: Manner.SILENCE,
    Fault.CUT_BEFORE: Manner.CUT,
    Fault.CUT_AFTER: Manner.CUT,
    Fault.CUT_MIDWAY: Manner.MIDWAY,
    Fault.TRICKLE: Manner.TRICKLE,
}
"""How the answer travels where the answer itself is a good one."""

PAGE = (
    "<!doctype html><html><head><title>Please wait</title></head>"
    "<body><h1>We will be back soon</h1></body></html>"
)

SHARD = b'[{"identifier":'
"""The beginning of an answer that was never made."""


def spoiled(rule: Rule, serve: Callable[[], Answer], *, settings: Settings) -> Answer:
    """Answer a call as the rule wants it; `serve` applies it, if it is to be applied."""
    served = serve() if rule.applied else Answer(status=HTTPStatus.OK, body=SHARD)
    note = served.note if rule.applied else NOTHING
    return replace(_answer(rule, served, settings), note=replace(note, fault=rule.fault))


def _answer(rule: Rule, served: Answer, settings: Settings) -> Answer:
    match rule.fault:
        case Fault.STATUS:
            return error_answer(rule.status, rule.message, headers=rule.headers)
        case Fault.HTML:
            page = text_answer(PAGE, status=rule.status, media="text/html")
            return replace(page, headers={**page.headers, **rule.headers})
        case Fault.BROKEN_JSON:
            return replace(served, body=served.body[: len(served.body) // 2])
        case Fault.EMPTY:
            return Answer(status=HTTPStatus.OK)
        case _:
            return replace(served, manner=MANNERS[rule.fault], seconds=_seconds(rule, settings))


def _seconds(rule: Rule, settings: Settings) -> float:
    trickles = rule.fault is Fault.TRICKLE
    return settings.trickle_ms / 1000 if trickles else settings.hold_seconds
