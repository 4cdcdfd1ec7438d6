"""An audience from rows that somebody else brings: a query's cursor, a stream, a list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from petiole.core.domain.fields import JsonValue
from petiole.core.ports.audience import AudienceRow, SourceRow


class RowsAudience:
    """Reads any iterable of mappings once, lazily, and numbers the rows from 1."""

    def __init__(self, rows: Iterable[Mapping[str, JsonValue]], *, name: str = "rows") -> None:
        self._rows = rows
        self._name = name

    @property
    def name(self) -> str:
        """What to call the source in messages."""
        return self._name

    def columns(self) -> Sequence[str] | None:
        """Tell that each row names its own columns."""
        return None

    def rows(self) -> Iterator[SourceRow]:
        """Read every row, in order."""
        for number, row in enumerate(self._rows, start=1):
            yield AudienceRow(number, row)
