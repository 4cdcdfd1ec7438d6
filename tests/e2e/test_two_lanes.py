"""One account, two lanes: a profile's changes arrive in the order in which they were queued."""

from collections import defaultdict
from pathlib import Path

from tests.e2e.project import SEGMENT, Project, write_csv

PROFILES = 150


def snapshot(project: Project, tier: str) -> Path:
    rows = ([str(n), tier] for n in range(PROFILES))
    return write_csv(project.folder / f"{tier}.csv", ["id", "tier"], rows)


def configure(project: Project) -> None:
    """Give the project a second connection to the same account, over the other lane."""
    project.configure(
        more='account = "brand"',
        tables="[connections.alerts]\n"
        'plugin = "canopydeploy"\n'
        'lane = "realtime"\n'
        'account = "brand"\n'
        f'soap_url = "{project.sandbox.soap}"\n'
        'token = { env = "CANOPYDEPLOY_TOKEN" }\n'
        'identifier = "customer-id"\n',
    )


def test_order_holds_across_the_lanes_of_one_account(project: Project) -> None:
    configure(project)
    queued = [("alerts", "bronze"), ("newsletter", "silver"), ("alerts", "gold")]
    for connection, tier in queued:
        done = project.run(
            *("sync", connection, snapshot(project, tier), "--queue-only"),
            *("--segment", SEGMENT, "--key", "id"),
        )
        assert done.returncode == 0, done.stderr

    done = project.run("run", "--once", "--flush")

    assert done.returncode == 0, done.stderr
    arrived: dict[str, list[str]] = defaultdict(list)
    for call in project.ledger().calls:
        lane = "realtime" if call["operation"] else "batch"
        changes = call["changes"]
        assert isinstance(changes, list)
        for identifier, status in changes:
            arrived[identifier].append(f"{lane} {status}")
    assert len(arrived) == PROFILES
    for course in arrived.values():
        assert course == ["realtime NEW", "batch NEW", "realtime MODIFIED"]
    assert {held["tier"] for held in project.ledger().profiles.values()} == {"gold"}


def test_changes_that_wait_for_the_other_lane_say_so(project: Project) -> None:
    configure(project)
    for connection in ("newsletter", "alerts"):
        done = project.run(
            *("sync", connection, snapshot(project, "gold"), "--queue-only"),
            *("--segment", SEGMENT, "--key", "id"),
        )
        assert done.returncode == 0, done.stderr

    done = project.run("run", "alerts", "--once")

    assert done.returncode == 3
    assert f"alerts: {PROFILES} changes behind earlier ones of the same profiles" in done.stdout
