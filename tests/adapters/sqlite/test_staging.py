"""Comparing big snapshots: aside on disk, in little memory, and without a trace."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from petiole.adapters.sqlite import SqliteStore
from petiole.adapters.sqlite.comparison import SqliteComparison
from petiole.core.errors import AudienceError
from petiole.core.ports.snapshot import SnapshotProfile
from petiole.testing.changes import scope, snapshot
from tests.repository import ROOT, SOURCE_ROOTS

PROFILES = 60_000
NOTE_BYTES = 2_000
MEGABYTE = 1_000_000

COMPARE = f"""
import re, sys
from pathlib import Path
from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import open_store
from petiole.core.domain.fields import Fields
from petiole.core.ports.snapshot import SnapshotProfile
from petiole.testing.changes import MOMENT, person, scope

def peak_bytes():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024

with open_store(sys.argv[1], clock=FrozenClock()) as store:
    before = peak_bytes()
    large = (
        SnapshotProfile(number, person(number), Fields.of({{"note": "x" * {NOTE_BYTES}}}))
        for number in range({PROFILES})
    )
    with store.ledger.compare(scope(), large, mirror=True) as comparison:
        told = sum(len(change.fields.text) for change in comparison.changes(MOMENT))
    print(told, peak_bytes() - before)
"""


def names(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()}


def test_snapshot_is_nowhere_to_be_found(path: Path, store: SqliteStore) -> None:
    before = names(path)

    with store.ledger.compare(scope(), snapshot((1, {}), (2, {})), mirror=True):
        during = names(path)

    assert before == during == names(path)


@pytest.mark.parametrize("numbers", [range(5_000), [*range(5_000), 17, 4_999, 17]])
def test_what_is_set_aside_is_sound(store: SqliteStore, numbers: Iterable[int]) -> None:
    profiles = snapshot(*((number, {"n": number}) for number in numbers))

    with store.ledger.compare(scope(), profiles, mirror=False) as comparison:
        assert isinstance(comparison, SqliteComparison)
        with comparison._staging._database.beside() as tables:
            told = tables.execute("PRAGMA staging.integrity_check").fetchall()
            kept = tables.execute("SELECT count(*), count(DISTINCT key) FROM staging.profile")
            numbers_kept = kept.fetchall()
            mode = tables.execute("PRAGMA staging.journal_mode").fetchall()

        assert comparison.difference().added == 5_000
    assert (told, numbers_kept, mode) == ([("ok",)], [(5_000, 5_000)], [("off",)])


def test_snapshot_that_breaks_off_leaves_nothing(path: Path, store: SqliteStore) -> None:
    def broken() -> Iterable[SnapshotProfile]:
        yield from snapshot((1, {}))
        raise AudienceError("line 3 of customers.csv cannot be read; mend it")

    before = names(path)

    with pytest.raises(AudienceError), store.ledger.compare(scope(), broken(), mirror=True):
        pass

    assert names(path) == before


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the peak of a process is told by /proc only"
)
def test_snapshot_is_not_kept_in_memory(path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", COMPARE, str(path)],
        env={"PYTHONPATH": ":".join(map(str, [*SOURCE_ROOTS, ROOT]))},
        capture_output=True,
        text=True,
        check=True,
    )

    told, grown = map(int, ran.stdout.split())
    assert told > PROFILES * NOTE_BYTES
    assert grown < 60 * MEGABYTE
