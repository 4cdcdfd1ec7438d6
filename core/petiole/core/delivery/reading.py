"""What rows of an audience become: identify, map columns, refuse what is broken."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from operator import itemgetter
from typing import Generic, TypeVar, cast

from petiole.core.domain.fields import Fields, JsonValue, text_form
from petiole.core.domain.identity import Identifier, IdentifierType, email_values
from petiole.core.errors import AudienceError, IdentifierRefused
from petiole.core.ports.audience import Audience, RefusedRow, SourceRow, TextRows

Row = TypeVar("Row")

KEPT_REFUSALS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keying:
    """Which column tells who a profile is.

    With `hashed`, the column promises finished hashes and a raw address is refused. `address` names
    a column with the raw address that each hash must agree with; it is never carried on.
    """

    column: str
    type: IdentifierType
    hashed: bool = False
    address: str | None = None

    def identify(self, values: Mapping[str, JsonValue]) -> Identifier:
        """Identify a row.

        Raises:
            IdentifierRefused: its value cannot be an identity.
        """
        raw = _text(values.get(self.column))
        if self.address is not None:
            return Identifier.email_address(_text(values.get(self.address)), digest=raw)
        return self._take(raw)

    def by_place(self, columns: Sequence[str]) -> Callable[[Sequence[str]], Identifier]:
        """Return what identifies a row of text by its cells; the columns must hold those needed."""
        place, take = columns.index(self.column), self._take
        if self.address is None:
            return lambda cells: take(cells[place])
        beside = columns.index(self.address)
        return lambda cells: Identifier.email_address(cells[beside], digest=cells[place])

    def values_by_place(
        self, columns: Sequence[str]
    ) -> Callable[[Sequence[Sequence[str]]], list[str]]:
        """Return what tells the values of the identifiers of many rows of text by their cells."""
        if self.address is None and self._take == Identifier.email:
            pick = itemgetter(columns.index(self.column))
            return lambda rows: email_values(list(map(pick, rows)))
        identify = self.by_place(columns)
        return lambda rows: [identify(cells).value for cells in rows]

    @property
    def gives(self) -> IdentifierType:
        """The type of all identifiers that it makes."""
        if self.address is None and self._take == Identifier.customer_id:
            return IdentifierType.CUSTOMER_ID
        return IdentifierType.HASHED_EMAIL

    @property
    def _take(self) -> Callable[[str], Identifier]:
        if self.hashed:
            return Identifier.hashed_email
        if self.type is IdentifierType.CUSTOMER_ID:
            return Identifier.customer_id
        return Identifier.email

    @property
    def columns(self) -> Sequence[str]:
        """Columns that an audience must have."""
        return [self.column] if self.address is None else [self.column, self.address]

    @property
    def private(self) -> Collection[str]:
        """Columns that may hold a raw address, which is never stored."""
        if self.type is IdentifierType.CUSTOMER_ID:
            return ()
        return set(self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """Which columns reach the platform, under which names.

    Without `columns` (platform field -> column) all do, under their own names, but `left_out`.
    """

    columns: Mapping[str, str] | None = None
    left_out: Collection[str] = ()

    def names(self, columns: Sequence[str]) -> Collection[str]:
        """Name the platform fields that rows with these columns are mapped to."""
        if self.columns is None:
            return [name for name in columns if name not in self.left_out]
        return self.columns

    def fields(self, values: Mapping[str, JsonValue]) -> Fields:
        """Map one row; a column that the row lacks is left out.

        Raises:
            ValueError: its data cannot be carried as JSON.
        """
        if self.columns is None:
            kept = {name: value for name, value in values.items() if name not in self.left_out}
            return Fields.of(kept)
        return Fields.of(
            {name: values[column] for name, column in self.columns.items() if column in values}
        )

    def texts_by_place(
        self, columns: Sequence[str]
    ) -> Callable[[Sequence[Sequence[str]]], list[str]]:
        """Return what maps rows of text with these columns by their cells, to texts of fields."""
        place = {column: number for number, column in enumerate(columns)}
        chosen = self.columns
        if chosen is None:
            chosen = {name: name for name in self.names(columns)}
        places = {name: place[column] for name, column in chosen.items() if column in place}
        return text_form(places)


@dataclass(slots=True)
class Refusals:
    """Rows that were refused: all counted, the first thousand kept, each told to `on_refusal`."""

    on_refusal: Callable[[RefusedRow], None] | None = None
    count: int = 0
    kept: list[RefusedRow] = field(default_factory=list)

    def add(self, row: RefusedRow) -> None:
        """Take note of one."""
        self.count += 1
        if len(self.kept) < KEPT_REFUSALS:
            self.kept.append(row)
        if self.on_refusal is not None:
            self.on_refusal(row)


def require_columns(audience: Audience, needed: Sequence[str]) -> None:
    """Refuse an audience that lacks a column, before any row is read.

    Raises:
        AudienceError: names the column, those that are there, and the nearest of them.
    """
    there = audience.columns()
    if there is not None:
        _require(needed, there, audience.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[Row]):
    """The rows of an audience, and what to do with each.

    Where all are text under one heading they stay bare cells, which are found by their places.
    """

    rows: Iterator[tuple[int, Row] | RefusedRow]
    """Each with its line."""
    identify: Callable[[Row], Identifier]
    values: Callable[[Sequence[Row]], Sequence[str]]
    """Tells those of the identifiers of many rows."""
    fields: Callable[[Row], Fields]
    texts: Callable[[Sequence[Row]], Sequence[str]]
    """Tells those of the fields of many rows."""
    value: Callable[[str | None], Callable[[Row], JsonValue]]
    """Column -> what finds its value in a row; `None` where there is no column or no value."""


def open_reading(audience: Audience, keying: Keying, mapping: FieldMapping) -> Reading[object]:
    """Begin to read; what a row is, only its own reading knows.

    Raises:
        AudienceError: also later, if rows name their own columns and the first lacks the key's.
    """
    unsure = audience.columns() is None
    rows = audience.rows()
    if isinstance(rows, TextRows) and set(keying.columns) <= set(rows.columns):
        return cast("Reading[object]", _by_place(rows, keying, mapping))
    needed = keying.columns if unsure else ()
    by_name = Reading(
        rows=_named(rows, needed, audience.name),
        identify=keying.identify,
        values=lambda rows: [keying.identify(row).value for row in rows],
        fields=mapping.fields,
        texts=lambda rows: [mapping.fields(row).text for row in rows],
        value=lambda column: lambda values: None if column is None else values.get(column),
    )
    return cast("Reading[object]", by_name)


def _by_place(rows: TextRows, keying: Keying, mapping: FieldMapping) -> Reading[Sequence[str]]:
    columns = rows.columns

    def value(column: str | None) -> Callable[[Sequence[str]], JsonValue]:
        return itemgetter(columns.index(column)) if column in columns else lambda _: None

    texts = mapping.texts_by_place(columns)
    return Reading(
        rows=rows.bare,
        identify=keying.by_place(columns),
        values=keying.values_by_place(columns),
        fields=lambda cells: Fields(texts([cells])[0]),
        texts=texts,
        value=value,
    )


def _named(
    rows: Iterator[SourceRow], needed: Sequence[str], name: str
) -> Iterator[tuple[int, Mapping[str, JsonValue]] | RefusedRow]:
    for row in rows:
        if isinstance(row, RefusedRow):
            yield row
            continue
        if needed:
            _require(needed, list(row.values), f"{name}, line {row.line}")
            needed = ()
        yield row.line, row.values


def _require(needed: Iterable[str], there: Sequence[str], where: str) -> None:
    for column in needed:
        if column not in there:
            near = get_close_matches(column, there, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise AudienceError(
                f"{where} has no column {column!r}; {hint}its columns are: {', '.join(there)}"
            )


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise IdentifierRefused("the identifier must be a text or a whole number")
