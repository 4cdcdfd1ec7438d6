"""Bad input gets one message that names the thing and the next step, and loses nothing."""

import json
import subprocess
from collections.abc import Callable

import pytest

from tests.e2e.project import TOKEN, Project, hashed, write_csv

Prepare = Callable[[Project], subprocess.CompletedProcess[str]]


def good(project: Project, rows: int = 3) -> str:
    write_csv(
        project.folder / "good.csv", ["id", "name"], ([str(n), f"Name {n}"] for n in range(rows))
    )
    return "good.csv"


def missing_file(project: Project) -> subprocess.CompletedProcess[str]:
    good(project)
    return project.sync("god.csv")


def unknown_column(project: Project) -> subprocess.CompletedProcess[str]:
    return project.sync(good(project), key="idd")


def unknown_mapped_column(project: Project) -> subprocess.CompletedProcess[str]:
    project.configure(tables='[connections.newsletter.fields]\nfirst = "nam"\n')
    return project.sync(good(project))


def empty_file(project: Project) -> subprocess.CompletedProcess[str]:
    (project.folder / "empty.csv").touch()
    return project.sync("empty.csv", "--mode", "mirror")


def header_only(project: Project) -> subprocess.CompletedProcess[str]:
    (project.folder / "header.csv").write_text("id,name\n")
    return project.sync("header.csv", "--mode", "mirror")


def invalid_utf8(project: Project) -> subprocess.CompletedProcess[str]:
    (project.folder / "latin.csv").write_bytes("id,name\n1,Anne\n2,Zoë\n".encode("cp1252"))
    return project.sync("latin.csv")


def token_in_endpoint(project: Project) -> subprocess.CompletedProcess[str]:
    project.configure(endpoint=f"{project.sandbox.rest}?token={TOKEN}")
    return project.sync(good(project))


def plain_token(project: Project) -> subprocess.CompletedProcess[str]:
    project.configure(token=f'"{TOKEN}"')
    return project.sync(good(project))


def missing_secret(project: Project) -> subprocess.CompletedProcess[str]:
    project.configure(token='{ env = "NOT_SET_ANYWHERE" }')
    return project.sync(good(project))


def unknown_key(project: Project) -> subprocess.CompletedProcess[str]:
    project.configure(more="endpiont = 1")
    return project.sync(good(project))


def unknown_connection(project: Project) -> subprocess.CompletedProcess[str]:
    good(project)
    return project.run("sync", "newsleter", "good.csv", "--segment", "1", "--key", "id")


def reserved_column(project: Project) -> subprocess.CompletedProcess[str]:
    write_csv(project.folder / "reserved.csv", ["id", "status"], [["1", "gold"]])
    return project.sync("reserved.csv")


def no_segment(project: Project) -> subprocess.CompletedProcess[str]:
    good(project)
    return project.run("sync", "newsletter", "good.csv", "--segment", " ", "--key", "id")


def batch_too_large(project: Project) -> subprocess.CompletedProcess[str]:
    project.configure(more="batch = { max_profiles = 601 }")
    return project.sync(good(project), "--queue-only")


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (no_segment, ["segment ' '", "petiole campaigns"]),
        (batch_too_large, ["max_profiles is 601", "at most 600"]),
        (missing_file, ["god.csv", "good.csv"]),
        (unknown_column, ["'idd'", "did you mean 'id'", "name"]),
        (unknown_mapped_column, ["'nam'", "did you mean 'name'"]),
        (empty_file, ["empty.csv", "empty"]),
        (header_only, ["header.csv"]),
        (invalid_utf8, ["latin.csv", "line 3", "--encoding"]),
        (token_in_endpoint, ["endpoint", "token", "env"]),
        (plain_token, ["token", "env"]),
        (missing_secret, ["NOT_SET_ANYWHERE", "set"]),
        (unknown_key, ["endpiont", "did you mean 'endpoint'"]),
        (unknown_connection, ["newsleter", "did you mean 'newsletter'"]),
        (reserved_column, ["'status'", "[connections.newsletter.fields]"]),
    ],
)
def test_bad_input_is_named_with_the_next_step_and_queues_nothing(
    project: Project, attempt: Prepare, told: list[str]
) -> None:
    done = attempt(project)

    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in told:
        assert word in done.stderr
    assert TOKEN not in done.stderr + done.stdout
    project.configure()
    assert project.status()["enqueued"] == 0
    assert not project.ledger().calls


def test_wrong_token_pauses_keeps_everything_and_goes_on_once_mended(project: Project) -> None:
    good(project, rows=250)
    arguments = ("sync", "newsletter", "good.csv", "--segment", "4711", "--key", "id")

    refused = project.run(*arguments, CANOPYDEPLOY_TOKEN="wrong")
    kept = project.status()
    mended = project.run("run", "--once", "--flush")

    assert refused.returncode == 3
    assert "paused" in refused.stdout + refused.stderr
    assert "petiole run --once --flush" in refused.stdout
    assert (kept["state"], kept["pending"], kept["dead"]) == ("paused", 250, 0)
    assert mended.returncode == 0, mended.stderr
    assert len(project.ledger().profiles) == 250


def test_rows_without_a_usable_identity_are_listed_and_the_others_sent(project: Project) -> None:
    project.configure(identifier="hashed-email")
    rows = [
        [hashed("sanne.devries@example.org"), "Sanne"],
        ["e14ea289", "Broken"],
        [hashed(""), "Nobody"],
        [hashed("joris.bakker@example.org").upper(), "Joris"],
        ["", "Empty"],
    ]
    write_csv(project.folder / "hashes.csv", ["hash", "name"], rows)

    done = project.sync("hashes.csv", "--refused", "refused.csv", key="hash")

    assert done.returncode == 3
    for line in (3, 4, 6):
        assert f"hashes.csv, line {line}: refused: " in done.stderr
    refused = (project.folder / "refused.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in refused] == ["line", "3", "4", "6"]
    assert set(project.ledger().profiles) == {
        hashed("sanne.devries@example.org"),
        hashed("joris.bakker@example.org"),
    }


def test_second_row_of_a_profile_is_listed_and_the_first_counts(project: Project) -> None:
    write_csv(project.folder / "twice.csv", ["id", "name"], [["1", "A"], ["2", "B"], ["1", "C"]])

    done = project.sync("twice.csv")

    assert done.returncode == 3
    assert "twice.csv, line 4: the same profile as line 2" in done.stderr
    assert project.ledger().profiles == {
        "1": {"id": "1", "name": "A"},
        "2": {"id": "2", "name": "B"},
    }


def test_mirror_withholds_removals_while_rows_are_refused(project: Project) -> None:
    good(project, rows=3)
    assert project.sync("good.csv").returncode == 0
    write_csv(project.folder / "next.csv", ["id", "name"], [["0", "Name 0"], ["", "Name 1"]])

    done = project.sync("next.csv", "--mode", "mirror")

    assert done.returncode == 3
    assert "2 removals withheld" in done.stderr
    assert set(project.ledger().profiles) == {"0", "1", "2"}


def test_rejected_records_become_dead_letters_with_the_platforms_words(project: Project) -> None:
    project.order_faults(
        {"fault": "reject", "identifiers": ["1"], "code": 105, "message": "Unknown city"}
    )

    done = project.sync(good(project))

    assert done.returncode == 3
    assert "105: Unknown city" in done.stdout
    letters = json.loads(project.run("dead", "list", "--json").stdout)["letters"]
    assert [(letter["identifier"], letter["code"], letter["reason"]) for letter in letters] == [
        ("1", "105", "Unknown city")
    ]
    assert set(project.ledger().profiles) == {"0", "2"}


def test_mirror_of_half_an_export_is_questioned_before_anything_is_queued(
    project: Project,
) -> None:
    good(project, rows=2_500)
    assert project.sync("good.csv").returncode == 0
    good(project, rows=1_000)

    refused = project.sync("good.csv", "--mode", "mirror")
    kept = project.status()
    meant = project.sync("good.csv", "--mode", "mirror", "--allow-mass-removal")

    assert refused.returncode == 1
    assert "1,500 of 2,500" in refused.stderr
    assert "--allow-mass-removal" in refused.stderr
    assert kept["enqueued"] == 2_500
    assert meant.returncode == 0, meant.stderr
    assert len(project.ledger().profiles) == 1_000


def test_status_breaks_no_word_at_80_columns_while_paused(project: Project) -> None:
    good(project, rows=300)
    arguments = ("sync", "newsletter", "good.csv", "--segment", "4711", "--key", "id")
    project.run(*arguments, CANOPYDEPLOY_TOKEN="wrong")

    shown = project.run("status", COLUMNS="80").stdout

    assert max(map(len, shown.splitlines()[:2])) <= 80
    for word in ("connection", "newsletter", "paused", "delivered", "300"):
        assert word in shown.split()
