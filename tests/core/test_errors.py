import re

import pytest

from petiole.core import errors
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    InvalidCredentials,
    MalformedRequest,
    PetioleError,
    Throttled,
    Timeout,
    Unavailable,
)
from tests.core.profiles import MINUTE


def drawn() -> dict[str, str]:
    """Read the drawing in the docstring: each error, and the one that it hangs from."""
    assert errors.__doc__
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in errors.__doc__.splitlines():
        if branch := re.match(r"    ((?:[│ ] {2})*)[├└]─ (\w+)", line):
            depth = len(branch[1]) // 3 + 1
            path[depth:] = [branch[2]]
            parents[branch[2]] = path[depth - 1]
        elif line.strip() == PetioleError.__name__:
            path = [PetioleError.__name__]
    return parents


def defined() -> dict[str, str]:
    return {
        name: one.__bases__[0].__name__
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, PetioleError) and one is not PetioleError
    }


def test_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    assert drawn() == defined()


@pytest.mark.parametrize("kind", [Timeout, Unavailable, Ambiguous, InvalidCredentials, Throttled])
def test_delivery_error_carries_the_words_of_the_platform(kind: type[DeliveryError]) -> None:
    error = kind("no such column", code="105")

    assert (error.code, error.reason, str(error)) == ("105", "no such column", "no such column")


def test_error_without_a_code_of_the_platform_has_a_category() -> None:
    assert MalformedRequest("no such column").code == "Other error"
    assert Throttled("slow down").code == "429"


def test_throttling_carries_the_wish_of_the_platform() -> None:
    assert Throttled("slow down", retry_after=MINUTE).retry_after == MINUTE
    assert Throttled("slow down").retry_after is None
