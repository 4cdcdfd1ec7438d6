"""A file or a directory that may not be written: a clear message, an exit code, nothing else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.crash.story import NAME, TOKEN, Lane, Stage, Story
from tests.crash.victim import run

RUN = ("run", "--once", "--flush")
SYNC = ("sync", NAME, "few.csv", "--segment", "4711", "--key", "id")


@pytest.fixture(scope="session")
def humbly() -> Sequence[str]:
    """Launch programs that modes of files hold for; they do not for root."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("as root this needs setpriv, of util-linux")
    overriding = "-dac_override,-dac_read_search"
    return ("setpriv", f"--inh-caps={overriding}", f"--bounding-set={overriding}")


@pytest.fixture
def story(stage: Stage) -> Iterator[Story]:
    story = stage(Lane.BATCH)
    story.write_settings()
    (story.folder / "few.csv").write_text("id,number\n1,1\n", encoding="utf-8")
    assert run(None, story.queue) == 0
    yield story
    story.folder.chmod(0o700)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("what", "command"), [("file", ("status",)), ("file", RUN), ("file", SYNC), ("directory", RUN)]
)
def test_what_must_be_allowed_is_said(
    story: Story, humbly: Sequence[str], what: str, command: tuple[str, ...]
) -> None:
    before = contents(story.folder)
    if what == "file":
        story.path.chmod(0o400)
    else:
        (story.folder / "petiole.db.lock").unlink()
        before.pop("petiole.db.lock")
        story.folder.chmod(0o500)

    done = subprocess.run(
        [*humbly, sys.executable, "-m", "petiole.host", *command],
        cwd=story.folder,
        env={**os.environ, "CANOPYDEPLOY_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "petiole.db" in done.stderr
    assert "allow writing to the file and its directory" in done.stderr
    assert "Traceback" not in done.stderr
    after = contents(story.folder)
    assert {name: after[name] for name in before} == before
