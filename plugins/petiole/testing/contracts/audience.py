"""What every audience promises."""

from collections.abc import Iterator

import pytest

from petiole.core.errors import AudienceError
from petiole.core.ports.audience import Audience, AudienceRow, RefusedRow
from petiole.testing.contracts.override import missing
from petiole.testing.promises import keeps
from petiole.testing.stands import AudienceStand

ROWS = [
    {"CustomerKey": "1", "name": "Åse Ødegård", "mail": "ase@example.org"},
    {"CustomerKey": "2", "name": 'Sanne "de" Boer; Delft', "mail": "sanne@example.org"},
    {"CustomerKey": "3", "name": "Łukasz Wójcik, Łódź", "mail": "lukasz@example.org"},
]


class AudienceContract:
    """`ports.audience`: override `stand`."""

    @pytest.fixture
    def stand(self, request: pytest.FixtureRequest) -> AudienceStand:
        missing(request, "stand")

    @keeps(Audience.name, "What to call the source")
    def test_source_has_a_name(self, stand: AudienceStand) -> None:
        assert stand.source(ROWS).name.strip()

    @keeps(Audience.columns, "or `None` where each row names its own")
    def test_columns_are_named_or_left_to_each_row(self, stand: AudienceStand) -> None:
        columns = stand.source(ROWS).columns()

        assert columns is None or list(columns) == list(ROWS[0])

    @keeps(Audience, "in order")
    @keeps(Audience.rows, "Read every row")
    def test_every_row_is_read_in_order(self, stand: AudienceStand) -> None:
        source = stand.source(ROWS)
        source.columns()

        rows = list(source.rows())

        assert [row.values for row in rows if isinstance(row, AudienceRow)] == ROWS

    @keeps(AudienceRow, "`line` counts from 1")
    def test_lines_ascend_from_one_on(self, stand: AudienceStand) -> None:
        source = stand.source(ROWS)
        source.columns()

        lines = [row.line for row in source.rows()]

        assert lines[0] >= 1
        assert lines == sorted(set(lines))

    @keeps(Audience, "in bounded memory")
    def test_rows_are_read_one_by_one(self, stand: AudienceStand) -> None:
        source = stand.source(ROWS)
        source.columns()

        assert isinstance(source.rows(), Iterator)

    @keeps(Audience.rows, "is yielded as refused, and reading goes on")
    def test_broken_row_is_refused_and_reading_goes_on(self, stand: AudienceStand) -> None:
        source = stand.damaged(ROWS, broken=1)
        source.columns()

        rows = list(source.rows())

        assert [type(row) for row in rows] == [AudienceRow, RefusedRow, AudienceRow]

    @keeps(RefusedRow, "the reason repeats no personal data")
    def test_refusal_repeats_no_personal_data(self, stand: AudienceStand) -> None:
        source = stand.damaged(ROWS, broken=1)
        source.columns()

        [refused] = [row for row in source.rows() if isinstance(row, RefusedRow)]

        assert refused.reason
        assert not any(part in refused.reason for part in ("Sanne", "Delft", "sanne@example.org"))

    @keeps(Audience.columns, "is empty")
    def test_empty_source_is_an_error(self, stand: AudienceStand) -> None:
        with pytest.raises(AudienceError):
            stand.source([]).columns()

    @keeps(Audience.columns, "cannot be opened")
    def test_source_that_cannot_be_read_is_an_error(self, stand: AudienceStand) -> None:
        source = stand.unreadable()

        with pytest.raises(AudienceError):
            source.columns()

    @keeps(Audience.rows, "the source as a whole cannot be read on")
    def test_rows_of_a_source_that_cannot_be_read_are_an_error(self, stand: AudienceStand) -> None:
        source = stand.unreadable()

        with pytest.raises(AudienceError) as told:
            list(source.rows())

        assert str(told.value)
