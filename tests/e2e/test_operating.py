"""An operator at work: pause, resume, look at one profile, mend and send again what is dead."""

import json
import os
import signal
from collections.abc import Mapping, Sequence

import pytest

from tests.e2e.project import SEGMENT, TOKEN, Project, hashed, write_csv

CANARY = ["4242", "Sanne-Canary", "Delft"]
WORDS = "Undefined value for field city"


def few(project: Project) -> None:
    """Sync three customers; the platform refuses the second one, and says why."""
    project.order_faults(
        {"fault": "reject", "identifiers": ["2"], "code": 105, "message": WORDS, "times": 1}
    )
    rows = [["1", "Delft"], ["2", "Atlantis"], ["3", "Gent"]]
    path = write_csv(project.folder / "few.csv", ["id", "city"], rows)
    assert project.sync(path).returncode == 3


def listed(project: Project, what: str = "dead") -> Sequence[Mapping[str, object]]:
    letters: Sequence[Mapping[str, object]] = json.loads(
        project.run(what, "list", "--json").stdout
    )["letters"]
    return letters


def test_dead_letter_is_mended_beside_its_original_and_sent_again(project: Project) -> None:
    few(project)
    (letter,) = listed(project)
    id_ = str(letter["id"])

    edited = project.run("dead", "edit", id_, "city=Utrecht")
    shown = json.loads(project.run("dead", "show", id_, "--json").stdout)
    redriven = project.run("dead", "redrive", "--id", id_, "--yes")
    delivered = project.run("run", "--once", "--flush")

    assert edited.returncode == redriven.returncode == delivered.returncode == 0, redriven.stderr
    assert (shown["fields"]["city"], shown["edit"]) == ("Atlantis", {"city": "Utrecht"})
    assert "1 change" in redriven.stdout
    assert project.ledger().profiles["2"] == {"id": "2", "city": "Utrecht"}
    assert (project.status()["delivered"], project.status()["dead"]) == (3, 0)


def test_second_edit_adds_to_the_first_until_both_are_taken_back(project: Project) -> None:
    few(project)
    (letter,) = listed(project)
    id_ = str(letter["id"])

    project.run("dead", "edit", id_, "city=Utrecht", "tier=1")
    again = project.run("dead", "edit", id_, "--json", '{"tier": 2}')
    both = json.loads(project.run("dead", "show", id_, "--json").stdout)
    project.run("dead", "edit", id_, "--reset")
    (without,) = listed(project)

    assert both["edit"] == {"city": "Utrecht", "tier": 2}
    assert again.stdout.splitlines()[1].split() == ["tier", '"1"', "2"]
    assert without["edited"] is False


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--json", '{"a": NaN}'], "nobody could send that"),
        (["--json", '{"a": 1e999}'], "nobody could send that"),
        (["--json", r'{"a": "\ud800"}'], "half a character"),
        (["--json", "{"], "--json is no JSON"),
        ([b"a=\xff"], "half a character"),
        (["--remove", "town"], "no field 'town' to leave out"),
        (["--remove", "citty"], "did you mean 'city'?"),
        (["status=gold"], "the connection writes that itself"),
        (["city=Utrecht", "--by", b"\xff"], "printable characters"),
        ([], "say what to change"),
    ],
)
def test_edit_that_could_not_be_sent_is_refused_in_a_line(
    project: Project, arguments: Sequence[str | bytes], told: str
) -> None:
    few(project)
    (letter,) = listed(project)

    edited = project.run("dead", "edit", str(letter["id"]), *map(os.fsdecode, arguments))

    assert edited.returncode in {1, 2}
    assert told in " ".join(edited.stderr.replace("│", " ").split())
    assert "Traceback" not in edited.stderr
    assert listed(project) == [letter]


def test_field_that_the_message_did_not_have_is_added_with_a_word(project: Project) -> None:
    few(project)
    (letter,) = listed(project)

    edited = project.run("dead", "edit", str(letter["id"]), "citi=Utrecht")

    assert edited.returncode == 0
    assert "had no field 'citi'; did you mean 'city'?" in edited.stderr


def test_letter_is_found_by_the_status_of_its_answer(project: Project) -> None:
    project.configure(more="retry = { max_attempts = 1 }")
    project.order_faults({"fault": "status", "status": 503, "calls": [1]})
    path = write_csv(project.folder / "one.csv", ["id"], [["1"]])
    project.sync(path)

    redriven = project.run("dead", "redrive", "--code", "503", "--yes")
    listed_again = project.run("dead", "list", "--code", "503")

    assert "redrive: 1 change" in redriven.stdout
    assert "nothing is dead" in listed_again.stdout


def test_refusal_shows_nothing_of_the_person_wherever_it_is_told(project: Project) -> None:
    words = f"bad Sanne-Canary of Delft, token {TOKEN}, sanne@example.org"
    project.order_faults({"fault": "status", "status": 400, "message": words})
    path = write_csv(project.folder / "one.csv", ["id", "name", "city"], [CANARY])
    project.sync(path)
    (letter,) = listed(project)

    told = [
        project.run("dead", "list").stdout,
        project.run("trace", "newsletter", CANARY[0], "--calls", "--json").stdout,
        str(letter["reason"]),
    ]

    assert letter["reason"] == "bad *** of ***, token ***, ***"
    assert [text for text in told if "Canary" in text or "Delft" in text or TOKEN in text] == []


def test_whole_hash_is_shown_and_asked_for(project: Project) -> None:
    project.configure(identifier="hashed-email")
    whole = hashed("sanne@example.org")
    project.order_faults({"fault": "status", "status": 400, "message": "no"})
    path = write_csv(project.folder / "one.csv", ["email"], [["sanne@example.org"]])
    project.sync(path, key="email")
    (letter,) = listed(project)

    shown = project.run("dead", "show", str(letter["id"])).stdout
    shortened = project.run("trace", "newsletter", f"{whole[:12]}…")
    traced = project.run("trace", "newsletter", whole)

    assert whole in shown.replace("\n", "").replace(" ", "")
    assert (shortened.returncode, "petiole dead show ID" in shortened.stderr) == (1, True)
    assert (traced.returncode, "400: no" in traced.stdout) == (0, True)


def test_trace_tells_that_a_runner_died_over_a_batch(project: Project) -> None:
    project.order_faults({"fault": "timeout-after", "calls": [1]})
    path = write_csv(project.folder / "one.csv", ["id"], [["1"]])
    with project.start("sync", "newsletter", path, "--segment", SEGMENT, "--key", "id") as runner:
        project.wait_for(lambda: len(project.ledger().calls) == 1)
        under_way = project.run("trace", "newsletter", "1").stdout
        runner.kill()
        runner.communicate(timeout=20)
    project.run("run", "--once", "--flush")

    life = json.loads(project.run("trace", "newsletter", "1", "--json").stdout)

    assert "no answer yet" in under_way
    assert [step["step"] for step in life] == ["enqueued", "sent", "sent", "delivered"]
    assert "taken over, may have arrived twice" in life[1]["told"]
    assert life[2]["told"] == ""


def test_edit_is_not_undone_by_the_next_sync_of_the_same_file(project: Project) -> None:
    few(project)
    (letter,) = listed(project)
    project.run("dead", "edit", str(letter["id"]), "city=Utrecht")
    project.run("dead", "redrive", "--all", "--yes")
    project.run("run", "--once", "--flush")
    calls = len(project.ledger().calls)

    again = project.sync(project.folder / "few.csv")

    assert again.returncode == 0, again.stderr
    assert len(project.ledger().calls) == calls


def test_nothing_is_decided_without_a_yes_and_the_count_comes_first(project: Project) -> None:
    few(project)

    asked = project.run("dead", "discard", "newsletter")
    unsaid = project.run("dead", "discard")
    done = project.run("dead", "discard", "--code", "105", "--yes")

    assert (asked.returncode, "--yes would discard 1 change" in asked.stdout) == (3, True)
    assert (unsaid.returncode, "--all" in unsaid.stderr) == (2, True)
    assert (done.returncode, "discard: 1 change" in done.stdout) == (0, True)
    status = project.status()
    assert (status["dead"], status["erased"], status["balanced"]) == (0, 1, True)


def test_letters_of_one_cause_are_found_by_its_fingerprint(project: Project) -> None:
    few(project)
    (letter,) = listed(project)

    other = project.run("dead", "redrive", "--fingerprint", "00000000", "--yes")
    meant = project.run("dead", "redrive", "--fingerprint", str(letter["fingerprint"]), "--yes")

    assert "nothing was done" in other.stdout
    assert "redrive: 1 change" in meant.stdout


def test_change_that_was_overtaken_stays_dead_unless_somebody_insists(project: Project) -> None:
    few(project)
    path = write_csv(project.folder / "new.csv", ["id", "city"], [["2", "Leiden"]])
    assert project.sync(path).returncode == 0

    redriven = project.run("dead", "redrive", "newsletter", "--yes")
    insisted = project.run("dead", "redrive", "newsletter", "--yes", "--even-overtaken")
    held = project.ledger().profiles["2"]["city"]
    delivered = project.run("run", "--once", "--flush")

    assert redriven.returncode == 3
    assert "left as they are: 1 change" in redriven.stdout
    assert "--even-overtaken sends them all the same" in redriven.stdout
    assert held == "Leiden"
    assert (insisted.returncode, delivered.returncode) == (0, 0)
    assert project.ledger().profiles["2"]["city"] == "Atlantis"


def test_trace_tells_a_profiles_life_in_order(project: Project) -> None:
    few(project)
    project.run("dead", "redrive", "--all", "--yes", "--by", "anna")
    project.run("run", "--once", "--flush")

    life = json.loads(project.run("trace", "newsletter", "2", "--json").stdout)
    told = project.run("trace", "newsletter", "2", "--calls")

    assert [step["step"] for step in life] == [
        "enqueued",
        "sent",
        "dead",
        "resent",
        "sent",
        "delivered",
    ]
    assert life[2]["told"].endswith(WORDS)
    assert life[3]["by"] == "anna"
    assert "POST" in told.stdout
    assert "Atlantis" not in told.stdout


def test_paused_connection_sends_nothing_until_it_is_resumed(project: Project) -> None:
    paused = project.run("pause", "newsletter", "--why", "the platform moves", "--by", "anna")
    path = write_csv(project.folder / "all.csv", ["id"], [["1"], ["2"]])
    synced = project.sync(path)
    shown = project.run("status").stdout
    calls = len(project.ledger().calls)
    resumed = project.run("resume", "newsletter")
    delivered = project.run("run", "--once", "--flush")

    assert paused.returncode == resumed.returncode == delivered.returncode == 0
    assert (synced.returncode, calls) == (3, 0)
    assert "paused (operator) by anna" in shown
    assert "the platform moves" in shown
    assert project.status()["delivered"] == 2


def test_running_host_stops_and_goes_on_as_another_process_says(project: Project) -> None:
    project.configure(more='batch = { max_age = "0s" }')
    with project.start("run") as host:
        path = write_csv(project.folder / "one.csv", ["id"], [["1"]])
        assert project.sync(path, "--queue-only").returncode == 0
        project.wait_for(lambda: project.status()["delivered"] == 1)
        project.run("pause", "newsletter")
        other = write_csv(project.folder / "two.csv", ["id"], [["1"], ["2"]])
        assert project.sync(other, "--queue-only").returncode == 0
        kept = project.status()
        project.run("resume", "newsletter")
        project.wait_for(lambda: project.status()["delivered"] == 2)
        host.send_signal(signal.SIGTERM)
        host.communicate(timeout=20)

    assert (kept["state"], kept["pending"]) == ("paused", 1)
    assert host.returncode == 0


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_connection_must_be_named(project: Project, command: str) -> None:
    done = project.run(command, "newsleter")

    assert done.returncode == 1
    assert "did you mean 'newsletter'?" in done.stderr


def test_dead_change_holds_later_ones_of_its_profile_where_that_is_wanted(
    project: Project,
) -> None:
    project.configure(more='on_dead = "hold"')
    few(project)
    path = write_csv(project.folder / "new.csv", ["id", "city"], [["2", "Leiden"]])

    held = project.sync(path)
    waiting = project.status()["pending"]
    project.run("dead", "discard", "--all", "--yes")
    after = project.run("run", "--once", "--flush")

    assert (held.returncode, waiting) == (3, 1)
    assert after.returncode == 0, after.stderr
    assert project.ledger().profiles["2"] == {"id": "2", "city": "Leiden"}


def test_segment_of_the_trace_is_told(project: Project) -> None:
    few(project)

    told = project.run("trace", "newsletter", "1").stdout

    assert f"add {SEGMENT}" in told


def test_connection_that_cannot_be_used_stops_no_other(project: Project) -> None:
    project.configure(
        tables=(
            "[connections.broken]\n"
            'plugin = "canopydeploy"\n'
            f'endpoint = "{project.sandbox.rest}"\n'
            'token = { env = "NOBODY_SET_THIS" }\n'
            'identifier = "customer-id"\n'
        )
    )
    path = write_csv(project.folder / "one.csv", ["id"], [["1"]])
    assert project.sync(path, "--queue-only").returncode == 0

    done = project.run("run", "--once", "--flush")
    alone = project.run("run", "broken", "--once")

    assert done.returncode == 3
    assert "broken: left out: the secret { env = 'NOBODY_SET_THIS' }" in done.stderr
    assert project.status()["delivered"] == 1
    assert alone.returncode == 1
