from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.quota import DailyQuota

QUOTA = DailyQuota(calls=50_000, zone=ZoneInfo("Europe/Amsterdam"), shared_by=())
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("noon", "began", "hours"),
    [
        pytest.param(
            datetime(2026, 3, 2, 12, tzinfo=UTC),
            datetime(2026, 3, 1, 23, tzinfo=UTC),
            24,
            id="winter",
        ),
        pytest.param(
            datetime(2026, 7, 2, 12, tzinfo=UTC),
            datetime(2026, 7, 1, 22, tzinfo=UTC),
            24,
            id="summer",
        ),
        pytest.param(
            datetime(2026, 3, 29, 12, tzinfo=UTC),
            datetime(2026, 3, 28, 23, tzinfo=UTC),
            23,
            id="clocks go forward",
        ),
        pytest.param(
            datetime(2026, 10, 25, 12, tzinfo=UTC),
            datetime(2026, 10, 24, 22, tzinfo=UTC),
            25,
            id="clocks go back",
        ),
    ],
)
def test_day_lasts_from_midnight_to_midnight_in_its_zone(
    noon: datetime, began: datetime, hours: int
) -> None:
    assert QUOTA.day_began(noon) == began
    assert QUOTA.day_ends(noon) == began + hours * HOUR


def test_midnight_belongs_to_the_day_that_begins() -> None:
    midnight = datetime(2026, 3, 28, 23, tzinfo=UTC)
    before = midnight - timedelta(microseconds=1)

    assert QUOTA.day_began(midnight) == midnight
    assert QUOTA.day_ends(before) == midnight


@given(st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 31)))  # noqa: DTZ001 - made aware below
def test_every_moment_is_in_its_day(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)

    assert QUOTA.day_began(moment) <= moment < QUOTA.day_ends(moment)
    assert 23 * HOUR <= QUOTA.day_ends(moment) - QUOTA.day_began(moment) <= 25 * HOUR
