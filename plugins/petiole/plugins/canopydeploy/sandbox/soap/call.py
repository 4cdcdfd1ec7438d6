"""One call on its way through an operation: who asks, what with, and the state it may touch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from petiole.plugins.canopydeploy.sandbox.crm import Crm
from petiole.plugins.canopydeploy.sandbox.soap.facts import Signature
from petiole.plugins.canopydeploy.sandbox.soap.faults import malformed
from petiole.plugins.canopydeploy.sandbox.soap.resources import (
    Resources,
    ResourceType,
    Rows,
    Snapshot,
)
from petiole.plugins.canopydeploy.sandbox.soap.settings import SoapSettings
from petiole.plugins.canopydeploy.sandbox.soap.values import Record, Value, records_in

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an operation works with; it runs under the CRM's lock.

    `changes` collects (customer id, status) of the memberships that the call began or ended, for
    the ledger. The readers below treat an argument that was not sent as the platform does: a
    structure or an array is empty, an id names nothing, and any other value is missing.
    """

    crm: Crm
    resources: Resources
    settings: SoapSettings
    token: str
    signature: Signature
    arguments: Record
    changes: list[tuple[str, str]] = field(default_factory=list)

    def id(self, name: str) -> int | None:
        """Answer an id, or None."""
        value = self.arguments.get(name)
        return value if isinstance(value, int) else None

    def number(self, name: str) -> int:
        """Answer a number; fault 101 if it is missing."""
        return self._given(name, int)

    def text(self, name: str) -> str:
        """Answer a text; fault 101 if it is missing."""
        return self._given(name, str)

    def flag(self, name: str) -> bool:
        """Answer a flag; fault 101 if it is missing."""
        return self._given(name, bool)

    def record(self, name: str) -> Record:
        """Answer a structure."""
        value = self.arguments.get(name)
        return value if isinstance(value, dict) else {}

    def records(self, name: str) -> Sequence[Record]:
        """Answer an array of structures."""
        return records_in(self.arguments.get(name))

    def texts(self, name: str) -> Sequence[str]:
        """Answer an array of texts."""
        return [each for each in self._items(name) if isinstance(each, str)]

    def numbers(self, name: str) -> Sequence[int]:
        """Answer an array of numbers."""
        return [each for each in self._items(name) if isinstance(each, int)]

    def result_set(
        self, rows: Sequence[_T], *, kind: ResourceType, encode: Callable[[_T], Record]
    ) -> int:
        """Make a result set of this token and answer its id."""
        return self._make(Snapshot(rows, encode=encode), kind=kind)

    def failed_set(self, *, kind: ResourceType) -> int:
        """Make a result set that ends in ERROR and answer its id."""
        return self._make(None, kind=kind)

    def _make(self, rows: Rows | None, *, kind: ResourceType) -> int:
        polls = self.settings.polls
        return self.resources.make(rows, kind=kind, token=self.token, polls=polls)

    def _items(self, name: str) -> Sequence[Value]:
        value = self.arguments.get(name)
        return value if isinstance(value, list) else []

    def _given(self, name: str, kind: type[_T]) -> _T:
        value = self.arguments.get(name)
        if not isinstance(value, kind):
            raise malformed(f"Missing argument [{name}]")
        return value


Operation: TypeAlias = Callable[[Call], Value]
"""What `msg` will hold: a value, `[]` for an empty element, None for nil; or a fault is raised."""

Operations: TypeAlias = Mapping[str, Operation]
"""Operations by the vendor's names."""
