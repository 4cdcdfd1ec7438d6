"""The host is killed or told to end in the middle of its work; the next run brings the rest."""

import json
import signal
import subprocess
from urllib.request import Request, urlopen

from tests.e2e.project import SEGMENT, Project, write_csv

PROFILES = 3_000
IN_THE_AIR = 4
BATCH = 100


def queued(project: Project, *, profiles: int, more: str = "") -> None:
    """Leave changes to a host that is yet to be started."""
    project.configure(more=f"max_in_flight = {IN_THE_AIR}\n{more}")
    path = write_csv(project.folder / "all.csv", ["id"], ([str(n)] for n in range(profiles)))
    assert project.sync(path, "--queue-only").returncode == 0


def slow_down(project: Project, *, latency_ms: int) -> None:
    """Let the platform think about each call."""
    body = json.dumps({"latency_ms": latency_ms}).encode()
    with urlopen(Request(project.sandbox.control + "settings", body)) as answer:
        assert answer.status == 200


def tell_to_end(host: subprocess.Popen[str]) -> bool:
    """Ask it to end unless it has; two requests that come at once count as one."""
    has_ended = host.poll() is not None
    if not has_ended:
        host.send_signal(signal.SIGTERM)
    return has_ended


def test_killed_sync_loses_nobody(project: Project) -> None:
    customers = {str(n): {"id": str(n), "name": f"Customer {n}"} for n in range(PROFILES)}
    path = write_csv(
        project.folder / "customers.csv",
        ["id", "name"],
        (list(row.values()) for row in customers.values()),
    )
    arguments = ("sync", "newsletter", path, "--segment", SEGMENT, "--key", "id")
    project.configure(more=f"max_in_flight = {IN_THE_AIR}")
    slow_down(project, latency_ms=100)  # by the time of the kill, all is in the outbox
    with project.start(*arguments) as host:
        project.wait_for(lambda: len(project.ledger().calls) >= 5)
        host.kill()
    in_the_middle = len(project.ledger().profiles)
    before = project.status()

    done = project.run("run", "--once", "--flush")

    assert 0 < in_the_middle < PROFILES
    assert before["balanced"] is True
    assert before["delivered"] != PROFILES
    assert done.returncode == 0, done.stderr
    ledger = project.ledger()
    assert ledger.profiles == customers
    after = project.status()
    assert (after["enqueued"], after["delivered"], after["balanced"]) == (PROFILES, PROFILES, True)
    assert len(ledger.changes) - PROFILES <= 2 * IN_THE_AIR * BATCH


def test_host_that_is_told_to_end_settles_what_is_in_the_air_and_keeps_the_rest(
    project: Project,
) -> None:
    queued(project, profiles=2_000)
    slow_down(project, latency_ms=300)
    with project.start("run") as host:
        project.wait_for(lambda: len(project.ledger().calls) >= IN_THE_AIR)
        host.send_signal(signal.SIGTERM)
        _, complained = host.communicate(timeout=30)

    status = project.status()
    arrived = len(project.ledger().changes)
    project.run("run", "--once", "--flush")

    assert (host.returncode, complained) == (0, "")
    assert 0 < arrived < 2_000
    assert (status["delivered"], status["in_flight"]) == (arrived, 0)
    assert status["pending"] == 2_000 - arrived
    assert len(project.ledger().changes) == len(project.ledger().profiles) == 2_000


def test_host_that_is_told_twice_leaves_at_once_and_loses_nothing(project: Project) -> None:
    queued(project, profiles=1_000)
    project.order_faults({"fault": "timeout-after", "times": IN_THE_AIR})
    with project.start("run") as host:
        project.wait_for(lambda: len(project.ledger().calls) >= IN_THE_AIR)
        project.wait_for(lambda: tell_to_end(host))

    status = project.status()
    done = project.run("run", "--once", "--flush")

    assert host.returncode == -signal.SIGTERM
    assert (status["in_flight"], status["balanced"]) == (1_000, True)
    assert done.returncode == 0, done.stderr
    assert len(project.ledger().profiles) == 1_000
    assert len(project.ledger().changes) == 1_000 + IN_THE_AIR * BATCH
