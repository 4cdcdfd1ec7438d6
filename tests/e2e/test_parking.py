"""Sent with unknown outcome: the messages wait for a person, and the person decides."""

import pytest

from tests.e2e.project import Project, write_csv


@pytest.mark.parametrize(
    ("decision", "arrivals", "delivered"), [("arrived", 3, 3), ("resend", 6, 3), ("drop", 3, 0)]
)
def test_parked_changes_go_on_as_a_person_decides(
    project: Project, decision: str, arrivals: int, delivered: int
) -> None:
    project.configure(more='on_doubt = "park"')
    project.order_faults({"fault": "empty", "calls": [1]})
    path = write_csv(project.folder / "few.csv", ["id"], [["1"], ["2"], ["3"]])

    in_doubt = project.sync(path)
    parked = project.status()["parked"]
    listed = project.run("parked", "list")
    decided = project.run("parked", decision, "newsletter", "--yes")
    after = project.run("run", "--once", "--flush")

    assert in_doubt.returncode == 3
    assert "petiole parked list newsletter" in in_doubt.stdout
    assert parked == 3
    assert "newsletter" in listed.stdout
    assert "3 changes" in decided.stdout
    assert after.returncode == 0, after.stderr
    assert len(project.ledger().changes) == arrivals
    assert (project.status()["delivered"], project.status()["balanced"]) == (delivered, True)
