import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.failure import failure_fingerprint

NO_COLUMN = failure_fingerprint("105", "record 17: no such column 'birthdate'")


@pytest.mark.parametrize(
    "alike",
    [
        "record 18: no such column 'birthdate'",
        "record 17: no such column 'zipcode'",
        'record 17: no such column "zip code"',
        "record  17:   no such column `x`",
        "Record 4711: No such column 'x'",
    ],
)
def test_failures_of_one_cause_are_alike(alike: str) -> None:
    assert failure_fingerprint("105", alike) == NO_COLUMN


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("106", "record 17: no such column 'birthdate'"),
        ("105", "record 17: no such table 'birthdate'"),
        ("105", ""),
    ],
)
def test_other_causes_are_told_apart(code: str, reason: str) -> None:
    assert failure_fingerprint(code, reason) != NO_COLUMN


def test_digests_and_ids_do_not_matter() -> None:
    told = [f"profile {digest} is locked" for digest in ("9f86d081884c7d65", "e3b0c44298fc1c14")]

    assert len({failure_fingerprint("105", reason) for reason in told}) == 1


@given(st.text(), st.text())
def test_fingerprint_is_eight_hex_digits(code: str, reason: str) -> None:
    assert re.fullmatch("[0-9a-f]{8}", failure_fingerprint(code, reason))
