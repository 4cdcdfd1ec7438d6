"""An audience from rows that somebody else brings: a query's cursor, a stream, a list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from petiole.core.domain.fields import JsonValue
from petiole.core.errors import AudienceError
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
        """Read every row, in order.

        Raises:
            AudienceError: one is no mapping; the message names it by its number.
        """
        for number, row in enumerate(self._rows, start=1):
            if not isinstance(row, Mapping):
                raise AudienceError(
                    f"row {number} of {self._name} is a {type(row).__name__}, "
                    "not a mapping of columns to values"
                )
            yield AudienceRow(number, row)
