import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.plugins.canopydeploy.sandbox.datamodel.kind import MOST_STRING_BYTES, Kind, Misfit

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
    assert kind.stored(sent) == stored


@pytest.mark.parametrize("sent", [1, "1", "true", "TRUE", "on", "Yes", True], ids=repr)
def test_documented_texts_are_true(sent: object) -> None:
    assert Kind.BOOLEAN.stored(sent) is True


@pytest.mark.parametrize(
    "sent", [0, 2, "0", "y", "2", "", "off", None, False, [], {}, 1.0], ids=repr
)
def test_everything_else_is_false(sent: object) -> None:
    assert Kind.BOOLEAN.stored(sent) is False


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
        (Kind.TIME, "25:00"),
        (Kind.TIME, "13pm"),
        (Kind.TIME, "0am"),
        (Kind.TIME, "4"),
        (Kind.TIME, "2026-03-02"),
        (Kind.DATETIME, "16:00"),
        (Kind.DATETIME, "2026-03-02 16:60"),
        (Kind.DATETIME, "9999-12-31 23:59:59-23:59"),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_value_of_another_type_does_not_fit(kind: Kind, sent: object) -> None:
    with pytest.raises(Misfit):
        kind.stored(sent)


@pytest.mark.parametrize("kind", KINDS)
def test_null_empties_every_column_but_yes_no(kind: Kind) -> None:
    assert kind.stored(None) is None


@given(st.sampled_from(Kind), st.text() | st.integers() | st.floats() | st.booleans())
def test_stored_form_is_accepted_and_stays(kind: Kind, sent: object) -> None:
    try:
        stored = kind.stored(sent)
    except Misfit:
        return

    assert kind.stored(stored) == stored
