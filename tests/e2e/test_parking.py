"""Sent with unknown outcome: the messages wait for a person, and the person decides."""

import json

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


def test_parked_change_is_shown_and_edited_and_an_edit_never_arrives_by_decree(
    project: Project,
) -> None:
    project.configure(more='on_doubt = "park"')
    project.order_faults({"fault": "empty", "calls": [1]})
    path = write_csv(project.folder / "few.csv", ["id", "city"], [["1", "Delft"], ["2", "Gent"]])
    project.sync(path)
    letters = json.loads(project.run("parked", "list", "--json").stdout)["letters"]
    id_ = str(letters[0]["id"])

    edited = project.run("parked", "edit", id_, "city=Utrecht")
    shown = project.run("parked", "show", id_)
    decided = project.run("parked", "arrived", "--all", "--yes")

    assert f"Next: petiole parked resend --id {id_}" in edited.stdout
    assert "Utrecht" in shown.stdout
    assert "1 change of these was edited; no edit was ever sent" in decided.stdout
    assert {person["city"] for person in project.ledger().profiles.values()} == {"Delft", "Gent"}
