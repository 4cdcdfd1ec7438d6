"""An audience from a list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from petiole.core.domain.fields import JsonValue
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import AudienceRow, RefusedRow, SourceRow


class MemoryAudience:
    """Rows as given: mappings are numbered from line 1 on, finished rows keep their own lines."""

    def __init__(
        self,
        rows: Iterable[Mapping[str, JsonValue] | SourceRow],
        *,
        columns: Sequence[str] | None = None,
        name: str = "memory",
    ) -> None:
        self._name = name
        self._columns = columns
        self._rows = [
            row if isinstance(row, AudienceRow | RefusedRow) else AudienceRow(line, row)
            for line, row in enumerate(rows, start=1)
        ]

    @property
    def name(self) -> str:
        """What to call the source in messages."""
        return self._name

    def columns(self) -> Sequence[str] | None:
        """Name the columns that were given, or `None`.

        Raises:
            AudienceError: there is not a single row.
        """
        if not self._rows:
            raise AudienceError(f"{self._name} is empty; give it at least one row")
        return self._columns

    def rows(self) -> Iterator[SourceRow]:
        """Read every row, in order."""
        yield from self._rows
