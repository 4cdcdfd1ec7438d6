"""What reading a row of CSV costs: `python -m tests.benchmarks.bench_reading [--quick | FILE]`.

Each stage takes in those before it; the whole path ends with pages of profiles and their
fingerprints. The plain loop beside it reads, hashes and encodes with the standard library's own
means, checks nothing and knows no line. By name, the whole path is that of an audience which does
not hand out bare cells: a mapping for each row, and the general encoder. FILE has a column "email";
without one, an audience is made up.
"""

import csv
import hashlib
import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from petiole.adapters.files import open_audience
from petiole.core.delivery.reading import FieldMapping, Keying, Refusals
from petiole.core.delivery.snapshot import ROWS_AT_ONCE, read_snapshot
from petiole.core.domain.identity import IdentifierType
from petiole.core.ports.audience import Audience, RefusedRow, SourceRow, TextRows
from tests.benchmarks.audience import KEY, write
from tests.benchmarks.table import Line, table

ROWS, QUICK_ROWS = 200_000, 20_000
ROUNDS = 3
KEYING = Keying(column=KEY, type=IdentifierType.HASHED_EMAIL)
MAPPING = FieldMapping(left_out={KEY})
MOST = 0.7
"""Of what the plain loop takes."""


class ByName:
    """A file whose rows are plain ones, each a mapping."""

    def __init__(self, path: Path) -> None:
        self._audience = open_audience(path)

    @property
    def name(self) -> str:
        return self._audience.name

    def columns(self) -> Sequence[str] | None:
        return self._audience.columns()

    def rows(self) -> Iterator[SourceRow]:
        yield from self._audience.rows()


def csv_alone(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        deque(csv.reader(file), maxlen=0)


def plain_loop(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            hashlib.sha256(row.pop(KEY).strip().lower().encode()).hexdigest()
            text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            hashlib.blake2b(text.encode(), digest_size=16).digest()


def text_rows(path: Path) -> TextRows:
    rows = open_audience(path).rows()
    assert isinstance(rows, TextRows)
    return rows


def rows(path: Path) -> None:
    deque(text_rows(path).bare, maxlen=0)


def identified(path: Path) -> None:
    found = text_rows(path)
    values = KEYING.values_by_place(found.columns)
    for some in _some_at_once(found):
        values(some)


def encoded(path: Path) -> None:
    found = text_rows(path)
    values, texts = KEYING.values_by_place(found.columns), MAPPING.texts_by_place(found.columns)
    for some in _some_at_once(found):
        values(some)
        texts(some)


def _some_at_once(rows: TextRows) -> Iterator[Sequence[Sequence[str]]]:
    while some := list(islice(rows.bare, ROWS_AT_ONCE)):
        yield [row[1] for row in some if not isinstance(row, RefusedRow)]


def pages(path: Path) -> None:
    _read(open_audience(path))


def pages_by_name(path: Path) -> None:
    _read(ByName(path))


def _read(audience: Audience) -> None:
    for page in read_snapshot(audience, KEYING, MAPPING, Refusals()).pages:
        page.fingerprints()


STAGES: Sequence[tuple[str, Callable[[Path], None]]] = (
    ("csv.reader alone", csv_alone),
    ("rows", rows),
    ("... identified", identified),
    ("... and their fields", encoded),
    ("whole path", pages),
    ("whole path, by name", pages_by_name),
)


def best_micros(stage: Callable[[Path], None], path: Path, *, rows: int, rounds: int) -> float:
    """Tell what a row takes in the best of several rounds, in microseconds of CPU."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        stage(path)
        taken.append(time.process_time() - began)
    return min(taken) / rows * 1e6


def measured(path: Path, *, rounds: int = ROUNDS) -> Sequence[Line]:
    """Measure every stage with one file."""
    count = sum(1 for _ in text_rows(path).bare)
    plain = best_micros(plain_loop, path, rows=count, rounds=rounds)
    lines = []
    for what, stage in STAGES:
        micros = best_micros(stage, path, rows=count, rounds=rounds)
        wanted = stage is pages
        lines.append(
            Line(
                what=what,
                figure=f"{micros:.2f} us/row",
                against=f"plain loop {plain:.2f}",
                ratio=micros / plain,
                wanted=f"at most {MOST}" if wanted else "",
                holds=micros / plain <= MOST if wanted else None,
            )
        )
    return lines


def measure(*, quick: bool) -> Sequence[Line]:
    """Measure every stage with an audience that is made up."""
    with tempfile.TemporaryDirectory(prefix="petiole-bench-") as folder:
        path = Path(folder) / "audience.csv"
        write(path, QUICK_ROWS if quick else ROWS)
        return measured(path)


def main() -> None:
    """Measure, and print a table."""
    given = [argument for argument in sys.argv[1:] if argument != "--quick"]
    lines = measured(Path(given[0])) if given else measure(quick="--quick" in sys.argv)
    print(table(lines))


if __name__ == "__main__":
    main()
