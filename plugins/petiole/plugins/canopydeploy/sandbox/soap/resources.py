"""Asynchronous result sets: made by one call, polled until ready, read in pages, then freed.

States, types and the page limit as public clients know them. Assumed: how many polls a set stays
PROCESSING, that it lives an hour, belongs to its token and is a snapshot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Generic, Protocol, TypeVar

from petiole.plugins.canopydeploy.sandbox.crm import InvalidValue, NotFound
from petiole.plugins.canopydeploy.sandbox.soap.values import Record

FIRST_RESOURCE_ID = 210577

_T = TypeVar("_T")


class ResourceType(StrEnum):
    """What a set holds."""

    CUSTOMERS = "CUSTOMER_SET"
    MAILINGS = "MAILING_SET"
    OPENS = "OPEN_SET"
    CLICKS = "CLICK_SET"
    BOUNCES = "BOUNCE_SET"
    COMPLAINTS = "COMPLAINT_SET"
    DELIVERIES = "DELIVERY_SET"


class Status(StrEnum):
    """Where a set stands."""

    PROCESSING = "PROCESSING"
    """Poll again."""
    READY = "READY"
    """Its pages can be read."""
    ERROR = "ERROR"
    """The question made no sense; ask another."""
    CLOSED = "CLOSED"
    """Freed, or older than its lifetime."""


class Rows(Protocol):
    """The content of a set, each row made into a record as it is read."""

    def __len__(self) -> int:
        """Count the rows."""
        ...

    def records(self, start: int, stop: int) -> list[Record]:
        """Make records of the rows from `start` up to `stop`, as far as they exist."""
        ...


class Snapshot(Generic[_T]):
    """Rows as they were when the set was made; the values are frozen."""

    def __init__(self, rows: Sequence[_T], *, encode: Callable[[_T], Record]) -> None:
        self._rows = rows
        self._encode = encode

    def __len__(self) -> int:
        return len(self._rows)

    def records(self, start: int, stop: int) -> list[Record]:
        """Make records of a slice."""
        return [self._encode(row) for row in self._rows[start:stop]]


NO_ROWS: Rows = Snapshot[Record]((), encode=dict)


@dataclass(slots=True, kw_only=True)
class ResultSet:
    """A set on its way: PROCESSING while polls are left, then what `outcome` says."""

    id: int
    kind: ResourceType
    token: str
    made_at: datetime
    polls_left: int
    outcome: Status
    rows: Rows

    @property
    def status(self) -> Status:
        """Where it stands now."""
        return Status.PROCESSING if self.polls_left > 0 else self.outcome

    @property
    def size(self) -> int:
        """How many records can be read from it now."""
        return len(self.rows) if self.status is Status.READY else 0

    def close(self) -> None:
        """Let go of the rows for good."""
        self.polls_left, self.outcome, self.rows = 0, Status.CLOSED, NO_ROWS


class Resources:
    """The result sets of all tokens; the caller sees to it that one thread at a time comes in."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ids = count(FIRST_RESOURCE_ID)
        self._sets: dict[int, ResultSet] = {}

    def make(self, rows: Rows | None, *, kind: ResourceType, token: str, polls: int) -> int:
        """Make a set that is READY after `polls` polls, or in ERROR where `rows` is None.

        Returns:
            The id of the set.
        """
        made = ResultSet(
            id=next(self._ids),
            kind=kind,
            token=token,
            made_at=self._now(),
            polls_left=polls,
            outcome=Status.ERROR if rows is None else Status.READY,
            rows=NO_ROWS if rows is None else rows,
        )
        self._sets[made.id] = made
        return made.id

    def poll(self, resource_id: int | None, *, token: str, lifetime: timedelta) -> Record:
        """Tell where a set stands, which brings it one poll nearer to its outcome.

        Raises:
            NotFound: This token has no such set.
        """
        found = self._find(resource_id, token=token, lifetime=lifetime)
        told = _told(found)
        found.polls_left -= 1
        return told

    def free(self, resource_id: int | None, *, token: str, lifetime: timedelta) -> bool:
        """Close a set; False if it was closed already.

        Raises:
            NotFound: This token has no such set.
        """
        found = self._find(resource_id, token=token, lifetime=lifetime)
        was_open = found.status is not Status.CLOSED
        found.close()
        return was_open

    def ready(
        self, resource_id: int | None, *, kind: ResourceType, token: str, lifetime: timedelta
    ) -> Rows:
        """Answer the rows of a set.

        Raises:
            NotFound: This token has no such set of this kind.
            InvalidValue: The set is not ready, or closed.
        """
        found = self._find(resource_id, token=token, lifetime=lifetime)
        if found.kind is not kind:
            raise NotFound("Resource", resource_id)
        if found.status is not Status.READY:
            raise InvalidValue(f"Resource [{found.id}] is {found.status}")
        return found.rows

    def _find(self, resource_id: int | None, *, token: str, lifetime: timedelta) -> ResultSet:
        found = None if resource_id is None else self._sets.get(resource_id)
        if found is None or found.token != token:
            raise NotFound("Resource", resource_id)
        if self._now() - found.made_at >= lifetime:
            found.close()
        return found


def _told(found: ResultSet) -> Record:
    return {
        "id": found.id,
        "type": found.kind,
        "status": found.status,
        "size": found.size,
    }
