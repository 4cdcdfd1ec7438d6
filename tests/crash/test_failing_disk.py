"""A disk that fails to sync: the host ends rather than believe what it wrote; nothing is lost."""

import shutil
import subprocess
from collections.abc import Sequence

import pytest

from tests.crash.shell import running_host
from tests.crash.story import Lane, Stage
from tests.crash.victim import run
from tests.crash.witness import Twin, check_end, check_order, repeated, under_way


@pytest.fixture(scope="session")
def failing_syncs() -> Sequence[str]:
    """Launch programs for which a disk fails to sync from the fourth time on."""
    failing = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=4+"]
    launcher = ["strace", "-f", "-o", "/dev/null", *failing]
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    if subprocess.run([*launcher, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("strace may not trace here")
    return launcher


def test_host_ends_where_it_cannot_believe_the_disk_and_the_next_one_goes_on(
    stage: Stage, twin: Twin, failing_syncs: Sequence[str]
) -> None:
    story = stage(Lane.BATCH)
    story.write_settings()
    twin.control("faults", {"rules": []})
    assert run(None, story.queue) == 0

    with running_host(story.folder, launcher=failing_syncs) as host:
        code = host.process.wait(60)
        said = host.err.read_text(encoding="utf-8")
    not_settled = under_way(story)
    survived = run(None, story.deliver)

    assert (code, survived) == (1, 0)
    assert "petiole.db: the disk failed to read or write; check it before going on" in said
    assert "Traceback" not in said
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals).keys() <= not_settled
