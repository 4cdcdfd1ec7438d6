import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from petiole.adapters.memory import FrozenClock, MemoryAudience, MemoryStore
from petiole.core.delivery.change_log import LogColumns, read_changes
from petiole.core.delivery.enqueue import enqueue_all
from petiole.core.delivery.reading import FieldMapping, Keying, Refusals
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import RefusedRow, SourceRow, TextRow, TextRows
from tests.core.profiles import NOON, scope

BY_ID = Keying(column="id", type=IdentifierType.CUSTOMER_ID)
LOG: Sequence[Mapping[str, JsonValue]] = [
    {"id": "1", "change": "add", "city": "Gent"},
    {"id": "1", "change": "update", "city": "Brugge"},
    {"id": "2", "change": "add", "city": "Gent"},
    {"id": "1", "change": "remove", "city": ""},
    {"id": "1", "change": "add", "city": "Gent"},
]


def read(
    rows: Sequence[Mapping[str, JsonValue]],
    *,
    keying: Keying = BY_ID,
    when: str | None = None,
    event: str | None = None,
    within: Scope | None = None,
    refusals: Refusals | None = None,
    columns: Sequence[str] | None = None,
) -> list[ProfileChange]:
    return list(
        read_changes(
            MemoryAudience(rows, columns=columns, name="log.csv"),
            scope=within or scope(),
            keying=keying,
            mapping=FieldMapping(left_out={"change", "when", "event"}),
            columns=LogColumns(when=when, event=event),
            refusals=Refusals() if refusals is None else refusals,
            now=NOON,
        )
    )


def refused(
    rows: Sequence[Mapping[str, JsonValue]], *, when: str | None = None
) -> list[RefusedRow]:
    refusals = Refusals()
    read(rows, when=when, refusals=refusals)
    return refusals.kept


def test_each_row_is_one_change_in_order() -> None:
    changes = read(LOG)

    assert [(c.identifier.value, c.kind.value) for c in changes] == [
        ("1", "add"),
        ("1", "update"),
        ("2", "add"),
        ("1", "remove"),
        ("1", "add"),
    ]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("new", ChangeKind.ADD),
        (" Added ", ChangeKind.ADD),
        ("INSERT", ChangeKind.ADD),
        ("modified", ChangeKind.UPDATE),
        ("Updated", ChangeKind.UPDATE),
        ("removed", ChangeKind.REMOVE),
        ("DELETE", ChangeKind.REMOVE),
    ],
)
def test_kind_of_change_has_many_words(word: str, kind: ChangeKind) -> None:
    (change,) = read([{"id": "1", "change": word}])

    assert change.kind is kind


@pytest.mark.parametrize("word", ["", None, "upsert", 1])
def test_unknown_word_is_refused_with_its_line(word: JsonValue) -> None:
    rows = [LOG[0], {"id": "1", "change": word}]

    assert refused(rows) == [RefusedRow(2, "column 'change' must say add, update or remove")]


def test_row_without_an_identity_is_refused_with_its_line() -> None:
    assert refused([{"id": "", "change": "add"}]) == [RefusedRow(1, "the customer id is empty")]


def test_row_whose_data_cannot_be_sent_is_refused_and_reading_goes_on() -> None:
    refusals = Refusals()
    broken: Mapping[str, JsonValue] = {"id": "1", "change": "add", "score": math.nan}

    changes = read([broken, *LOG], refusals=refusals)

    assert len(changes) == len(LOG)
    assert [row.line for row in refusals.kept] == [1]


def test_removal_carries_no_data_and_an_update_no_fingerprint() -> None:
    added, updated, _, removed, _ = read(LOG)

    assert added.fingerprint == added.fields.fingerprint
    assert updated.fields.values() == {"id": "1", "city": "Brugge"}
    assert updated.fingerprint is None
    assert not removed.fields
    assert removed.fingerprint is None


def test_without_a_time_column_a_change_happens_now() -> None:
    assert {change.occurred_at for change in read(LOG)} == {NOON}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T08:20:41Z", datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)),
        (" 2026-03-02T10:20:41+02:00 ", datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)),
        ("2026-03-02 08:20", datetime(2026, 3, 2, 8, 20, tzinfo=UTC)),
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_time_of_a_change_is_read_as_utc(text: str, moment: datetime) -> None:
    (change,) = read([{"id": "1", "change": "add", "when": text}], when="when")

    assert change.occurred_at == moment
    assert change.occurred_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text", ["", None, "yesterday", "02-03-2026", 1772439641, "0001-01-01T00:00+14:00"]
)
def test_time_that_cannot_be_read_is_refused(text: JsonValue) -> None:
    (row,) = refused([{"id": "1", "change": "add", "when": text}], when="when")

    assert row.reason == "column 'when' must hold an ISO 8601 time such as 2026-03-02T08:20:41Z"


@pytest.mark.parametrize("missing", ["id", "change", "when", "mail"])
def test_log_that_lacks_a_column_is_refused_before_any_row_is_read(missing: str) -> None:
    columns = [name for name in ("id", "change", "when", "mail") if name != missing]
    keying = Keying(column="id", type=IdentifierType.HASHED_EMAIL, address="mail")

    with pytest.raises(AudienceError, match=f"log.csv has no column '{missing}'"):
        read(LOG, keying=keying, when="when", columns=columns)


def timed(rows: Sequence[Mapping[str, JsonValue]]) -> list[Mapping[str, JsonValue]]:
    """Give each row a time and an event id of its own."""
    return [
        {**row, "when": f"2026-03-02T08:{n:02}:00Z", "event": f"e-{n}"}
        for n, row in enumerate(rows)
    ]


@pytest.mark.parametrize(("when", "event"), [("when", None), (None, "event"), ("when", "event")])
def test_reading_a_log_again_enqueues_nothing_twice(when: str | None, event: str | None) -> None:
    outbox = MemoryStore(clock=FrozenClock()).outbox
    rows = timed(LOG)
    enqueue_all(outbox, read(rows[:3], when=when, event=event), folding=False)

    grown = enqueue_all(outbox, read(rows, when=when, event=event), folding=False)
    again = enqueue_all(outbox, read(rows, when=when, event=event), folding=False)

    assert grown == EnqueueReceipt(enqueued=2, repeated=3)
    assert again == EnqueueReceipt(repeated=5)


def test_same_change_at_another_time_is_another_change() -> None:
    outbox = MemoryStore(clock=FrozenClock()).outbox
    leaves: Mapping[str, JsonValue] = {"id": "1", "change": "remove"}

    first = read([{**leaves, "when": "2026-03-02"}], when="when")
    second = read([{**leaves, "when": "2026-03-04"}], when="when")

    assert enqueue_all(outbox, [*first, *second], folding=False) == EnqueueReceipt(enqueued=2)


def test_without_time_or_event_every_row_counts_whenever_it_is_read() -> None:
    outbox = MemoryStore(clock=FrozenClock()).outbox

    first = enqueue_all(outbox, read(LOG), folding=False)
    again = enqueue_all(outbox, read(LOG), folding=False)

    assert (first, again) == (EnqueueReceipt(enqueued=5), EnqueueReceipt(enqueued=5))


def test_row_without_an_event_id_is_refused_where_ids_are_promised() -> None:
    refusals = Refusals()

    read([{"id": "1", "change": "add", "event": " "}], event="event", refusals=refusals)

    assert [row.reason for row in refusals.kept] == ["column 'event' must hold the id of the event"]


def test_segments_and_connections_take_the_same_log_each_for_itself() -> None:
    scopes = [scope(), scope(segment="4712"), scope("welcome")]

    changes = [read(timed(LOG[:1]), when="when", within=each) for each in scopes]

    assert len({change.id for (change,) in changes}) == 3


COLUMNS = ("id", "change", "when", "event", "city")
CELLS: Sequence[TextRow | RefusedRow] = [
    (2, ["1", "add", "2026-03-02T08:00:00Z", "e-1", "Gent"]),
    (3, ["1", "renamed", "2026-03-02T08:01:00Z", "e-2", "Gent"]),
    RefusedRow(4, "the row has 1 cell, the header has 5"),
    (5, ["null", "add", "2026-03-02T08:02:00Z", "e-3", "Gent"]),
    (6, ["2", " Update ", "yesterday", "e-4", 'Brugge "aan Zee"']),
    (7, ["2", "update", " 2026-03-02T08:04:00+01:00 ", " ", "\ud83d"]),
    (8, ["2", "REMOVE", "2026-03-02", "e-5", "\ud83d"]),
]


class TextLog(MemoryAudience):
    """Hands out bare cells, unless only named ones are wanted."""

    def __init__(self, *, named: bool) -> None:
        super().__init__([{}], columns=COLUMNS)
        self._named = named

    def rows(self) -> Iterator[SourceRow]:
        rows = TextRows(COLUMNS, iter(CELLS))
        return (row for row in rows) if self._named else rows


@pytest.mark.parametrize("columns", [LogColumns(), LogColumns(when="when", event="event")])
def test_bare_cells_are_read_as_named_ones_are(columns: LogColumns) -> None:
    found: list[tuple[Sequence[ProfileChange], Refusals]] = []

    for named in (True, False):
        refusals = Refusals()
        changes = read_changes(
            TextLog(named=named),
            scope=scope(),
            keying=BY_ID,
            mapping=FieldMapping(left_out=columns.named),
            columns=columns,
            refusals=refusals,
            now=NOON,
        )
        found.append((list(changes), refusals))

    assert found[0] == found[1]
    assert found[0][0]
    assert found[0][1].count
