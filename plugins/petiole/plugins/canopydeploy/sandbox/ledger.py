"""The record of every call that reached the platform, in the order of arrival."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from petiole.plugins.canopydeploy.sandbox.exchange import NOTHING, Answer, Manner, Note, Request

UNANSWERED = frozenset({Manner.CUT, Manner.RESET, Manner.SILENCE, Manner.HALF_CLOSED, Manner.RAW})
"""The manners in which no answer in HTTP goes out."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One call; `status` is None while it is under way and for ever if it is never answered."""

    n: int
    at: datetime
    method: str
    path: str
    status: int | None = None
    note: Note = field(default=NOTHING)

    def shown(self, *, records: bool) -> dict[str, object]:
        """Return the call as the control API tells it, on demand with each record."""
        shown: dict[str, object] = {
            "n": self.n,
            "at": self.at.isoformat(),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "records": self.note.records,
            "applied": self.note.applied,
            "rejected": self.note.rejected,
            "fault": self.note.fault,
            "operation": self.note.operation,
        }
        if records:
            shown["changes"] = [list(change) for change in self.note.changes]
        return shown


class Ledger:
    """Every call since the start or the last reset; control calls are none of them."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._guard = threading.Lock()
        self._calls: list[Call] = []

    def opened(self, request: Request, *, path: str) -> Call:
        """Enter a call as it arrives; `path` is its path, clean of secrets."""
        with self._guard:
            call = Call(n=len(self._calls) + 1, at=self._now(), method=request.method, path=path)
            self._calls.append(call)
        return call

    def closed(self, call: Call, answer: Answer) -> None:
        """Complete a call, just before its answer goes out."""
        with self._guard:
            call.status = None if answer.manner in UNANSWERED else answer.status
            call.note = answer.note

    def calls(self) -> list[Call]:
        """Return the calls so far."""
        with self._guard:
            return list(self._calls)
