from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.plugins.canopydeploy.sandbox.datamodel.kind import MOST_STRING_BYTES, Kind, Misfit

NOW = datetime(2026, 3, 2, 23, 30, 15, tzinfo=UTC)
"""Half past midnight of the third of March, in Amsterdam."""

KINDS = [kind for kind in Kind if kind is not Kind.BOOLEAN]


@pytest.mark.parametrize(
    ("kind", "sent", "stored"),
    [
        (Kind.STRING, "Studio-25", "Studio-25"),
        (Kind.STRING, "", ""),
        (Kind.STRING, 25, "25"),
        (Kind.NUMBER, 4, 4),
        (Kind.NUMBER, "-4", -4),
        (Kind.NUMBER, " +4 ", 4),
        (Kind.NUMBER, 2**63 - 1, 2**63 - 1),
        (Kind.DECIMAL, 1.5, 1.5),
        (Kind.DECIMAL, "-1.50", -1.5),
        (Kind.DECIMAL, "1", 1.0),
        (Kind.DATE, "2013-09-23", "2013-09-23"),
        (Kind.DATE, "October 1, 2013", "2013-10-01"),
        (Kind.DATE, "March 2, 2026", "2026-03-02"),
        (Kind.DATE, "2 Sept 2026", "2026-09-02"),
        (Kind.DATE, "Sunday, 1st march 2026", "2026-03-01"),
        (Kind.DATE, "23-09-2013", "2013-09-23"),
        (Kind.DATE, "9/23/2013", "2013-09-23"),
        (Kind.DATE, "2013/9/3", "2013-09-03"),
        (Kind.DATE, "2013-09-23 23:25:00", "2013-09-23"),
        (Kind.TIME, "23:25:00", "23:25:00"),
        (Kind.TIME, "4PM", "16:00:00"),
        (Kind.TIME, "4:05 a.m.", "04:05:00"),
        (Kind.TIME, "12am", "00:00:00"),
        (Kind.TIME, "12 pm", "12:00:00"),
        (Kind.TIME, "2013-09-23 07:30", "07:30:00"),
        (Kind.DATETIME, "2013-09-23, 16:00:00", "2013-09-23 16:00:00"),
        (Kind.DATETIME, "2013-09-23", "2013-09-23 00:00:00"),
        (Kind.DATETIME, "2026-07-01T10:00:00Z", "2026-07-01 12:00:00"),
        (Kind.DATETIME, "2026-01-01T00:30:00.250+02:00", "2025-12-31 23:30:00"),
        (Kind.DATETIME, "October 1, 2013 at 4pm", "2013-10-01 16:00:00"),
    ],
    ids=repr,
)
def test_value_is_stored_in_the_form_of_its_type(kind: Kind, sent: object, stored: object) -> None:
    assert kind.stored(sent, now=NOW) == stored


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("20130923", "2013-09-23"),
        ("2013-Sep-05", "2013-09-05"),
        ("Sep-05-2013", "2013-09-05"),
        ("05-Sep-2013", "2013-09-05"),
        ("13-09-23", "2013-09-23"),
        ("78-09-23", "1978-09-23"),
        ("23.09.78", "1978-09-23"),
        ("9/23/13", "2013-09-23"),
        ("9/23", "2026-09-23"),
        ("September 2013", "2013-09-01"),
        ("2013-09", "2013-09-01"),
        ("Oct 1", "2026-10-01"),
        ("1 oct", "2026-10-01"),
        ("2013W394", "2013-09-26"),
        ("2013-W39", "2013-09-23"),
        ("@1379926081", "2013-09-23"),
        ("0987-01-02", "0987-01-02"),
        ("now", "2026-03-03"),
        ("Today", "2026-03-03"),
        ("tomorrow", "2026-03-04"),
        ("yesterday noon", "2026-03-02"),
        ("+1 day", "2026-03-04"),
        ("2 weeks ago", "2026-02-17"),
        ("2013-09-30 +1 day", "2013-10-01"),
    ],
    ids=repr,
)
def test_date_is_read_as_php_reads_it(sent: str, stored: str) -> None:
    assert Kind.DATE.stored(sent, now=NOW) == stored


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("T23:25", "23:25:00"),
        ("2325", "23:25:00"),
        ("t232510", "23:25:10"),
        ("23.25", "23:25:00"),
        ("23.09.13", "23:09:13"),
        ("noon", "12:00:00"),
        ("midnight", "00:00:00"),
        ("now", "00:30:15"),
        ("+90 minutes", "02:00:15"),
        ("tomorrow 4PM", "16:00:00"),
    ],
    ids=repr,
)
def test_time_is_read_as_php_reads_it(sent: str, stored: str) -> None:
    assert Kind.TIME.stored(sent, now=NOW) == stored


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("16:00 2013-09-23", "2013-09-23 16:00:00"),
        ("4PM 23 September 2013", "2013-09-23 16:00:00"),
        ("2013-09-23 4PM", "2013-09-23 16:00:00"),
        ("20130923T160000", "2013-09-23 16:00:00"),
        ("20130923t1600Z", "2013-09-23 18:00:00"),
        ("2013-09-23 16:00 CET", "2013-09-23 17:00:00"),
        ("2013-09-23 16:00 Europe/Amsterdam", "2013-09-23 16:00:00"),
        ("2013-09-23 16:00 america/new_york", "2013-09-23 22:00:00"),
        ("2013-09-23 16:00 GMT+1", "2013-09-23 17:00:00"),
        ("Mon, 23 Sep 2013 16:00:00 +0200", "2013-09-23 16:00:00"),
        ("@1379926081", "2013-09-23 10:48:01"),
        ("now", "2026-03-03 00:30:15"),
        ("tomorrow", "2026-03-04 00:00:00"),
        ("yesterday noon", "2026-03-02 12:00:00"),
        ("+1 day", "2026-03-04 00:30:15"),
        ("-1 day 16:00", "2026-03-02 16:00:00"),
    ],
    ids=repr,
)
def test_date_and_time_is_read_as_php_reads_it(sent: str, stored: str) -> None:
    assert Kind.DATETIME.stored(sent, now=NOW) == stored


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (Kind.DATE, "2013-09-24"),
        (Kind.TIME, "01:30:00"),
        (Kind.DATETIME, "2013-09-24 01:30:00"),
    ],
)
def test_text_with_a_zone_is_moved_to_amsterdam(kind: Kind, stored: str) -> None:
    assert kind.stored("2013-09-23T23:30:00Z", now=NOW) == stored


def test_time_with_a_zone_is_moved_by_the_clock_of_today() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=UTC)

    assert Kind.TIME.stored("10:00 UTC", now=NOW) == "11:00:00"
    assert Kind.TIME.stored("10:00 UTC", now=summer) == "12:00:00"


@pytest.mark.parametrize("sent", [1, "1", "true", "TRUE", "on", "Yes", True], ids=repr)
def test_documented_texts_are_true(sent: object) -> None:
    assert Kind.BOOLEAN.stored(sent, now=NOW) is True


@pytest.mark.parametrize(
    "sent", [0, 2, "0", "y", "2", "", "off", None, False, [], {}, 1.0], ids=repr
)
def test_everything_else_is_false(sent: object) -> None:
    assert Kind.BOOLEAN.stored(sent, now=NOW) is False


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (Kind.STRING, []),
        (Kind.STRING, {}),
        (Kind.STRING, True),
        (Kind.STRING, "x" * (MOST_STRING_BYTES + 1)),
        (Kind.STRING, "é" * (MOST_STRING_BYTES // 2 + 1)),
        (Kind.NUMBER, "four"),
        (Kind.NUMBER, 4.0),
        (Kind.NUMBER, "4.0"),
        (Kind.NUMBER, True),
        (Kind.NUMBER, 2**63),
        (Kind.NUMBER, ""),
        (Kind.DECIMAL, "1,5"),
        (Kind.DECIMAL, "nan"),
        (Kind.DECIMAL, True),
        (Kind.DECIMAL, 10**400),
        (Kind.DATE, "2026-02-30"),
        (Kind.DATE, "2026-13-01"),
        (Kind.DATE, "next Friday"),
        (Kind.DATE, "23:25:00"),
        (Kind.DATE, "2026-03-02 soon"),
        (Kind.DATE, 20260302),
        (Kind.DATE, ""),
        (Kind.DATE, "23.09.13"),
        (Kind.DATE, "noon"),
        (Kind.DATE, "+0200"),
        (Kind.DATE, "+1 month"),
        (Kind.DATE, "first day of March 2026"),
        (Kind.DATE, "Monday"),
        (Kind.DATE, "2013-09-233"),
        (Kind.DATE, "2013-09-23 2013-09-24"),
        (Kind.DATE, "2013W544"),
        (Kind.DATE, "+999999 weeks"),
        (Kind.DATE, "@999999999999"),
        (Kind.DATE, "+1 day " * 99),
        (Kind.TIME, "25:00"),
        (Kind.TIME, "13pm"),
        (Kind.TIME, "0am"),
        (Kind.TIME, "4"),
        (Kind.TIME, "2026-03-02"),
        (Kind.TIME, "2026-03-02 +1 day"),
        (Kind.TIME, "tomorrow"),
        (Kind.TIME, "10:00 11:00"),
        (Kind.TIME, "10:00 Nowhere/City"),
        (Kind.TIME, "2360"),
        (Kind.DATETIME, "16:00"),
        (Kind.DATETIME, "2026-03-02 16:60"),
        (Kind.DATETIME, "9999-12-31 23:59:59-23:59"),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_value_of_another_type_does_not_fit(kind: Kind, sent: object) -> None:
    with pytest.raises(Misfit):
        kind.stored(sent, now=NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_null_empties_every_column_but_yes_no(kind: Kind) -> None:
    assert kind.stored(None, now=NOW) is None


PARTS = ["2013", "09", "23", "-", "/", ".", ":", " ", "t", "sep", "1st", "4pm", "noon", "now"]
ZONES = ["z", "+0200", "cet", "europe/rome", "tomorrow", "+1 day", "ago", "@1379926081", "w39"]
DATE_LIKE = st.lists(st.sampled_from(PARTS + ZONES), max_size=8).map("".join)


@given(st.sampled_from(Kind), DATE_LIKE | st.text() | st.integers() | st.floats() | st.booleans())
def test_stored_form_is_accepted_and_stays(kind: Kind, sent: object) -> None:
    try:
        stored = kind.stored(sent, now=NOW)
    except Misfit:
        return

    assert kind.stored(stored, now=NOW) == stored
