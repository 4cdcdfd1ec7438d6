"""Turn rows of an audience into profiles: identify, map columns, refuse what is broken."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.errors import AudienceError, IdentifierRefused
from petiole.core.ports.audience import Audience, AudienceRow, RefusedRow
from petiole.core.ports.ledger import SnapshotProfile

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
        if self.hashed:
            return Identifier.hashed_email(raw)
        return Identifier.of(self.type, raw)

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


def usable_rows(audience: Audience, keying: Keying, refusals: Refusals) -> Iterator[AudienceRow]:
    """Read the rows that are whole; set the others aside.

    Raises:
        AudienceError: rows name their own columns, and the first one lacks those of the key.
    """
    unsure = audience.columns() is None
    for row in audience.rows():
        if isinstance(row, RefusedRow):
            refusals.add(row)
            continue
        if unsure:
            _require(keying.columns, list(row.values), f"{audience.name}, line {row.line}")
            unsure = False
        yield row


def read_profiles(
    audience: Audience, keying: Keying, mapping: FieldMapping, refusals: Refusals
) -> Iterator[SnapshotProfile]:
    """Read a snapshot lazily; rows without a usable identity or data are set aside."""
    for row in usable_rows(audience, keying, refusals):
        try:
            identifier = keying.identify(row.values)
            fields = mapping.fields(row.values)
        except (IdentifierRefused, ValueError) as error:
            refusals.add(RefusedRow(row.line, str(error)))
        else:
            yield SnapshotProfile(row.line, identifier, fields)


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
