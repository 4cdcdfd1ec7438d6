"""The host dies in the middle of a sync; the next run brings the rest."""

from tests.e2e.project import SEGMENT, Project, write_csv

PROFILES = 3_000


def test_killed_host_loses_nobody(project: Project) -> None:
    customers = {str(n): {"id": str(n), "name": f"Customer {n}"} for n in range(PROFILES)}
    path = write_csv(
        project.folder / "customers.csv",
        ["id", "name"],
        (list(row.values()) for row in customers.values()),
    )
    arguments = ("sync", "newsletter", path, "--segment", SEGMENT, "--key", "id")
    project.configure(more="max_in_flight = 4")
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
    assert len(ledger.changes) - PROFILES <= 4 * 100
