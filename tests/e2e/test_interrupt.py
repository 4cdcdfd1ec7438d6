"""Ctrl-C in the middle: what is in the air is settled, the rest is kept, and the user is told."""

import signal

import pytest

from tests.e2e.project import SEGMENT, Project, write_csv

PROFILES = 3_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_sync_keeps_the_rest_and_says_how_to_go_on(
    project: Project, number: signal.Signals
) -> None:
    path = write_csv(project.folder / "all.csv", ["id"], ([str(n)] for n in range(PROFILES)))
    project.configure(more="max_in_flight = 1")
    arguments = ("sync", "newsletter", path, "--segment", SEGMENT, "--key", "id")
    with project.start(*arguments) as host:
        project.wait_for(lambda: len(project.ledger().calls) >= 3)
        host.send_signal(number)
        said, complained = host.communicate(timeout=20)

    status = project.status()
    rest = project.run("run", "--once", "--flush")

    assert host.returncode == 130
    assert "Traceback" not in complained
    assert "petiole run --once --flush" in said
    assert (status["in_flight"], status["balanced"]) == (0, True)
    assert rest.returncode == 0, rest.stderr
    assert len(project.ledger().changes) == len(project.ledger().profiles) == PROFILES


def test_running_host_ends_within_a_moment(project: Project) -> None:
    with project.start("run") as host:
        assert host.stdout is not None
        assert "Ctrl-C stops" in host.stdout.readline()
        host.send_signal(signal.SIGTERM)
        _, complained = host.communicate(timeout=20)

    assert host.returncode == 0
    assert complained == ""
