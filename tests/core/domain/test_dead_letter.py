import pytest

from petiole.core.domain.dead_letter import edited
from petiole.core.domain.fields import Fields, JsonValue

ORIGINAL = Fields.of({"a": 1, "b": None})


@pytest.mark.parametrize(
    ("edit", "sent"),
    [
        ({}, {"a": 1, "b": None}),
        ({"a": 2}, {"a": 2, "b": None}),
        ({"c": 3}, {"a": 1, "b": None, "c": 3}),
        ({"a": None}, {"b": None}),
        ({"c": None}, {"a": 1, "b": None}),
    ],
)
def test_edit_is_laid_over_the_original(
    edit: dict[str, JsonValue], sent: dict[str, JsonValue]
) -> None:
    assert edited(ORIGINAL, Fields.of(edit)).values() == sent


def test_original_stays_as_it_is() -> None:
    edited(ORIGINAL, Fields.of({"a": 2}))

    assert Fields.of({"a": 1, "b": None}) == ORIGINAL
