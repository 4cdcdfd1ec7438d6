"""One line of the fault script: which calls or records it means, and what becomes of them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from petiole.plugins.canopydeploy.sandbox.document import Document, Nonsense
from petiole.plugins.canopydeploy.sandbox.exchange import Request
from petiole.plugins.canopydeploy.sandbox.fault import APPLIED, BY_RECORD, OPEN, Fault
from petiole.plugins.canopydeploy.sandbox.records import INVALID_CODE

LOWEST_STATUS = 200
HIGHEST_STATUS = 599

_DEFAULT_STATUS = {
    Fault.STATUS: None,
    Fault.HTML: HTTPStatus.OK,
    Fault.BODY: HTTPStatus.OK,
    Fault.SOAP_FAULT: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The faults whose answer has a status of its own; `None` where the rule must name it."""


@dataclass(slots=True, kw_only=True)
class Rule:
    """One line of the script, and how often it fired.

    Calls are counted by each rule for itself, from 1: those since the script was set whose path
    begins with `path` and whose body contains `contains`. Without `calls`, `every` or `share` each
    of them is meant. `times` bounds how often the rule fires; 0 is for ever.
    """

    fault: Fault
    calls: tuple[int, ...] = ()
    every: int = 0
    share: float | None = None
    seed: int = 0
    path: str = ""
    contains: bytes = b""
    times: int = 0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    applied: bool = False
    identifiers: frozenset[str] = frozenset()
    code: int = INVALID_CODE
    message: str = ""
    body: str = ""
    media: str = ""
    seen: int = 0
    fired: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def means(self, request: Request) -> bool:
        """Count a call, and tell whether it is one that this rule spoils."""
        if not request.path.startswith(self.path) or self.contains not in request.body:
            return False
        self.seen += 1
        if self.calls:
            meant = self.seen in self.calls
        elif self.every:
            meant = self.seen % self.every == 0
        elif self.share is not None:
            meant = self.chance.random() < self.share
        else:
            meant = True
        return meant and not self.spent

    def names(self, path: str, identifier: str | None) -> bool:
        """Tell whether a record is one that this rule spoils."""
        return path.startswith(self.path) and identifier in self.identifiers and not self.spent

    @property
    def spent(self) -> bool:
        """Whether the rule has fired as often as it may."""
        return 0 < self.times <= self.fired


def parsed(document: Document) -> Rule:
    """Read one rule, or raise Nonsense."""
    name = document.text("fault")
    if name not in set(Fault):
        raise Nonsense(f"{document.where}: no fault {name}; there are {', '.join(Fault)}")
    fault = Fault(name)
    rule = Rule(fault=fault, times=document.whole("times", 0))
    rule.path = "" if document.missing("path") else document.text("path")
    if fault in BY_RECORD:
        _read_culprits(rule, document)
    else:
        _read_selection(rule, document)
    if fault in _DEFAULT_STATUS:
        _read_answer(rule, document)
    rule.applied = fault in APPLIED
    if fault in OPEN:
        rule.applied = document.flag("applied", default=rule.applied)
    document.finish()
    return rule


def _read_culprits(rule: Rule, document: Document) -> None:
    rule.identifiers = frozenset(document.texts("identifiers"))
    if rule.fault is Fault.REJECT:
        rule.code = document.whole("code", rule.code)
        rule.message = document.text("message", "the record was rejected")
    else:
        rule.message = document.text("message", "the request holds an invalid record")


def _read_selection(rule: Rule, document: Document) -> None:
    given = [key for key in ("calls", "every", "share") if key in document]
    if len(given) > 1:
        raise Nonsense(f"{document.where}: choose one of {' and '.join(given)}")
    if "calls" in document:
        rule.calls = document.wholes("calls")
    if "every" in document:
        rule.every = document.whole("every", least=1)
    if "share" in document:
        rule.share = document.number("share", most=1.0)
        rule.seed = document.whole("seed", 0)
        rule.chance.seed(rule.seed)
    if "contains" in document:
        rule.contains = document.text("contains").encode()


def _read_answer(rule: Rule, document: Document) -> None:
    rule.status = document.whole("status", _DEFAULT_STATUS[rule.fault], least=LOWEST_STATUS)
    if rule.status > HIGHEST_STATUS:
        raise Nonsense(f"{document.where}: status must be at most {HIGHEST_STATUS}")
    rule.headers = document.headers("headers")
    if rule.fault is Fault.BODY:
        rule.body = document.text("body")
        rule.media = document.text("media", "application/json")
        return
    rule.message = document.text("message", "the sandbox was told to answer so")
    if rule.fault is Fault.SOAP_FAULT:
        rule.code = document.whole("code", rule.code)
