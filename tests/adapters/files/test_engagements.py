"""Engagements in a file: whole lines, all of them, whatever happens in between."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from petiole.adapters.files.engagements import JsonlEngagementSink
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.engagement import (
    Engagement,
    EngagementId,
    EngagementKind,
    Origin,
    StoredEngagement,
)
from petiole.core.domain.identity import Identifier
from petiole.core.errors import Transient

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def engagements(numbers: range) -> Sequence[StoredEngagement]:
    return [
        StoredEngagement(
            id=EngagementId(number),
            engagement=Engagement(
                connection=ConnectionName("newsletter"),
                origin=Origin("push"),
                identifier=Identifier.customer_id(f"c-{number}"),
                kind=EngagementKind.OPEN,
                occurred_at=START,
            ),
            received_at=START,
        )
        for number in numbers
    ]


def written(one: StoredEngagement) -> str:
    return json.dumps({"id": one.id, "pad": "é" * 5})


def sink(path: Path, *, max_bytes: int = 1_000_000, keep: int = 2) -> JsonlEngagementSink:
    return JsonlEngagementSink(path, encode=written, max_bytes=max_bytes, keep=keep)


def ids(path: Path) -> list[int]:
    return [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_engagements_are_appended_in_order(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"

    sink(path).forward(engagements(range(1, 4)))
    sink(path).forward(engagements(range(4, 6)))

    assert ids(path) == [1, 2, 3, 4, 5]


def test_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"

    sink(path).forward(engagements(range(1, 2)))

    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", ['{"id": 9', "x" * 200_000])
def test_what_a_dead_writer_left_of_a_line_is_cut_off(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "out.jsonl"
    sink(path).forward(engagements(range(1, 3)))
    with path.open("a", encoding="utf-8") as file:
        file.write(torn)

    sink(path).forward(engagements(range(3, 4)))

    assert ids(path) == [1, 2, 3]


def test_file_of_nothing_but_a_torn_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text('{"id": 9', encoding="utf-8")

    sink(path).forward(engagements(range(1, 2)))

    assert ids(path) == [1]


def test_full_file_is_put_aside_and_the_oldest_go(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    three_lines = 3 * (len(written(engagements(range(1, 2))[0]).encode()) + 1)

    sink(path, max_bytes=three_lines, keep=2).forward(engagements(range(1, 10)))
    sink(path, max_bytes=three_lines, keep=2).forward(engagements(range(10, 12)))

    assert {other.name: ids(other) for other in tmp_path.iterdir()} == {
        "out.jsonl.2": [4, 5, 6],
        "out.jsonl.3": [7, 8, 9],
        "out.jsonl": [10, 11],
    }


def test_all_that_is_put_aside_is_kept_where_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"

    sink(path, max_bytes=1, keep=0).forward(engagements(range(1, 5)))

    assert sorted(other.name for other in tmp_path.iterdir()) == [
        "out.jsonl",
        "out.jsonl.1",
        "out.jsonl.2",
        "out.jsonl.3",
    ]


def test_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="cannot be written"):
        sink(tmp_path / "nowhere" / "out.jsonl").forward(engagements(range(1, 2)))
