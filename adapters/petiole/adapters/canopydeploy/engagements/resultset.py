"""Result sets of the SOAP interface: asked for, waited for, read page by page, and given back.

Documented: the operations. Seen in public clients: the states, and pages of at most 50. Assumed: a
set may take minutes, and lives an hour.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from petiole.adapters.canopydeploy.codes import OTHER
from petiole.adapters.canopydeploy.soap.client import SoapClient
from petiole.adapters.canopydeploy.soap.faults import NOT_FOUND, Refused
from petiole.core.errors import Ambiguous, DeliveryError, MalformedRequest, Unavailable

PAGE = 50
"""Rows. Seen: the platform refuses to give more at a time."""

FIRST_PAUSE = timedelta(milliseconds=250)
LONGEST_PAUSE = timedelta(seconds=10)
_GROWTH = 2

_READY = "READY"
_LOST = frozenset({"ERROR", "CLOSED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask for: `ask` makes a set, `read` reads pages of it, `rows` names their items."""

    ask: str
    read: str
    rows: str
    arguments: Mapping[str, object] = field(default_factory=dict)


class _SetLost(Exception):
    """The set cannot be read, or not any more; asking again makes another one."""


@dataclass(slots=True, kw_only=True)
class ResultSets:
    """Reads sets through one client, one after another."""

    client: SoapClient
    patience: timedelta
    sleep: Callable[[float], None] = time.sleep

    def pages(self, question: Question, *, offset: int = 0) -> Iterator[Sequence[object]]:
        """Read the rows from an offset on, page by page; the set is given back at the end.

        A set that the platform loses is made once more. There are no rows about what it does not
        know any more.

        Raises:
            Unavailable: the platform does not get the set ready, or lost it twice.
            DeliveryError: the others as `SoapClient.call` does.
        """
        for is_last in (False, True):
            try:
                with self._made(question) as (resource, size):
                    for rows in self._read(question, resource, offset, size, doubt=not is_last):
                        yield rows
                        offset += len(rows)
                    return
            except _SetLost as error:
                if is_last:
                    raise Unavailable(str(error), code=OTHER) from None

    def _read(
        self, question: Question, resource: int, offset: int, size: int | None, *, doubt: bool
    ) -> Iterator[Sequence[object]]:
        """Read the rows from an offset on; in `doubt`, fewer than were counted are not believed."""
        while size is None or offset < size:
            rows = self._page(question, resource, offset)
            if rows:
                yield rows
            elif size is not None and doubt:
                raise _SetLost("the platform gives fewer rows than it counts")
            offset += len(rows)
            if not rows or (size is None and len(rows) < PAGE):
                return

    @contextmanager
    def _made(self, question: Question) -> Iterator[tuple[int, int | None]]:
        """Make a set and wait for it; yields its number, and how many rows it has."""
        try:
            resource = self.client.call(question.ask, **question.arguments)
        except Refused as refusal:
            if refusal.code == NOT_FOUND:
                yield 0, 0
                return
            raise _blamed(refusal) from refusal
        if not isinstance(resource, int) or isinstance(resource, bool):
            raise Ambiguous("the platform answered no number of a result set", code=OTHER)
        try:
            yield resource, self._awaited(resource)
        finally:
            # What is not given back, ends by itself after an hour.
            with suppress(DeliveryError, Refused):
                self.client.call("resource_free", resourceId=resource)

    def _awaited(self, resource: int) -> int | None:
        pause, waited = FIRST_PAUSE, timedelta()
        while True:
            status, size = self._state(resource)
            if status == _READY:
                return size
            if status in _LOST:
                raise _SetLost(f"the platform could not make a result set ({status})")
            if waited >= self.patience:
                raise Unavailable(
                    f"the platform did not make a result set within {self.patience}", code=OTHER
                )
            self.sleep(pause.total_seconds())
            waited += pause
            pause = min(pause * _GROWTH, LONGEST_PAUSE)

    def _state(self, resource: int) -> tuple[str, int | None]:
        try:
            told = self.client.call("resource_getById", resourceId=resource)
        except Refused as refusal:
            raise _gone(refusal) from refusal
        size = getattr(told, "size", None)
        return str(getattr(told, "status", "") or ""), size if isinstance(size, int) else None

    def _page(self, question: Question, resource: int, offset: int) -> Sequence[object]:
        try:
            listed = self.client.call(question.read, resourceId=resource, offset=offset, size=PAGE)
        except Refused as refusal:
            raise _gone(refusal) from refusal
        return getattr(listed, question.rows, None) or ()


def _gone(refusal: Refused) -> _SetLost:
    return _SetLost(f"the platform lost a result set ({refusal.code}: {refusal.reason})")


def _blamed(refusal: Refused) -> MalformedRequest:
    error = MalformedRequest(refusal.reason, code=refusal.code)
    error.exchange = refusal.exchange
    return error
