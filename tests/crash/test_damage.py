"""Files that cannot be used: the message names file and remedy, and nothing is overwritten."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from petiole.adapters.sqlite.opening import open_database
from petiole.core.errors import ConfigurationError
from tests.crash.shell import petiole
from tests.crash.story import NAME, Lane, Stage, Story
from tests.crash.victim import run

COMMANDS = [
    ("status",),
    ("run", "--once", "--flush"),
    ("sync", NAME, "few.csv", "--segment", "4711", "--key", "id"),
]


@pytest.fixture
def story(stage: Stage) -> Story:
    """All is queued, and in one file."""
    story = stage(Lane.BATCH)
    story.write_settings()
    (story.folder / "few.csv").write_text("id,number\n1,1\n", encoding="utf-8")
    assert run(None, story.queue) == 0
    return story


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def overwrite(path: Path, place: int, noise: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(noise)


def page_of(path: Path, name: str) -> int:
    """Tell where in the file a table or an index begins."""
    with closing(sqlite3.connect(path)) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,))
        [(size,)] = connection.execute("PRAGMA page_size")
    return int((page - 1) * size)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("header", "is no SQLite database; name another file"),
        ("message_ready", "its content is damaged; put a backup in its place"),
    ],
)
def test_damaged_file_is_named_and_left_alone(
    story: Story, command: tuple[str, ...], where: str, words: str
) -> None:
    place = 0 if where == "header" else page_of(story.path, where)
    overwrite(story.path, place, b"\xa5" * 100)
    before = digest(story.path)

    said = petiole(story.folder, *command)

    assert said.code == 1
    assert "petiole.db" in said.err
    assert words in said.err
    assert "Traceback" not in said.err
    assert digest(story.path) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_file_of_a_newer_version_is_left_alone(story: Story, command: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(story.path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('petiole', '9000', '2030-01-01')"
        )
    before = digest(story.path)

    said = petiole(story.folder, *command)

    assert said.code == 1
    assert "newer petiole (schema 9000); upgrade petiole" in said.err
    assert digest(story.path) == before


def test_sqlite_that_is_too_old_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))

    with pytest.raises(ConfigurationError, match=r"too old for the outbox; use a Python that"):
        open_database(tmp_path / "petiole.db")

    assert list(tmp_path.iterdir()) == []
