"""`petiole status`: nothing is hidden, nothing is cut off, nothing is written, and how it ends."""

import contextlib
import json
import os
import re
import signal
import subprocess

import pytest

from tests.e2e.project import SEGMENT, TOKEN, Project, write_csv

LONG = "newsletter-of-the-northern-regions-daily"


def on_terminal(project: Project, *arguments: str, columns: int) -> str:
    """Run `petiole` on a terminal that is so wide, and give what it shows."""
    terminal, other_end = os.openpty()
    with subprocess.Popen(
        project.command(*arguments),
        cwd=project.folder,
        env=project.environment(NO_COLOR="1", TERM="xterm-256color", COLUMNS=str(columns)),
        stdout=other_end,
        stderr=other_end,
        stdin=subprocess.DEVNULL,
    ):
        os.close(other_end)
        shown = b""
        with contextlib.suppress(OSError):  # the kernel's way to say that a terminal ended
            while part := os.read(terminal, 4096):
                shown += part
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n")


def rename(project: Project, name: str) -> None:
    path = project.folder / "petiole.toml"
    text = path.read_text(encoding="utf-8").replace("connections.newsletter", f"connections.{name}")
    path.write_text(text, encoding="utf-8")


def queue(project: Project, name: str = "newsletter") -> None:
    path = write_csv(project.folder / "few.csv", ["id"], [["1"], ["2"], ["3"]])
    arguments = ("sync", name, path, "--segment", SEGMENT, "--key", "id", "--queue-only")
    assert project.run(*arguments).returncode == 0


def test_looking_makes_no_file(project: Project) -> None:
    shown = project.run("status")
    document = json.loads(project.run("status", "--json").stdout)

    assert shown.returncode == 0
    assert "nothing was queued yet: petiole.db is not there" in shown.stdout
    assert document["connections"]["newsletter"]["enqueued"] == 0
    assert not (project.folder / "petiole.db").exists()


@pytest.mark.parametrize("columns", ["20", "80"])
def test_pipe_gets_names_and_states_whole(project: Project, columns: str) -> None:
    rename(project, LONG)
    queue(project, LONG)

    shown = project.run("status", COLUMNS=columns).stdout

    assert shown.splitlines()[1].split() == [LONG, "ok", "3", "0", "0", "0", "0", "0"]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_terminal_shows_the_state_however_narrow_it_is(project: Project, columns: int) -> None:
    rename(project, LONG)
    queue(project, LONG)
    project.run("pause", LONG)

    shown = on_terminal(project, "status", columns=columns)

    table = shown[: shown.index("paused (")]
    assert "paused" in table
    assert "dead" in table
    assert "3 pending" in table or " 3 " in table
    assert max(map(len, shown.splitlines())) <= columns


def test_changes_of_a_connection_that_was_renamed_are_told(project: Project) -> None:
    queue(project)
    rename(project, "weekly")

    shown = project.run("status")
    document = json.loads(project.run("status", "--json").stdout)

    assert "newsletter: not in the settings any more; 3 pending" in shown.stdout
    assert document["not_in_settings"]["newsletter"]["pending"] == 3
    assert shown.returncode == 3


def test_refused_token_asks_for_attention_until_all_is_well(project: Project) -> None:
    queue(project)
    before = project.run("status").returncode

    project.run("run", "--once", "--flush", CANOPYDEPLOY_TOKEN="wrong")
    paused = project.run("status")
    project.run("run", "--once", "--flush")
    after = project.run("status").returncode

    assert TOKEN not in paused.stdout
    assert (before, paused.returncode, after) == (0, 3, 0)
    assert "3 wait, the oldest since" in paused.stdout
    assert "nothing is sent while it is paused" in paused.stdout


def test_second_pause_tells_what_it_replaces(project: Project) -> None:
    queue(project)
    project.run("pause", "newsletter", "--why", "deploy of CRM", "--by", "anna")

    again = project.run("pause", "newsletter", "--why", "the platform moves", "--by", "bram")

    assert "(was paused (operator) by anna" in again.stdout
    assert "deploy of CRM" in again.stdout
    assert "deploy of CRM" not in project.run("status").stdout


def test_trouble_stays_visible_through_a_persons_pause(project: Project) -> None:
    queue(project)
    project.run("run", "--once", "--flush", CANOPYDEPLOY_TOKEN="wrong")

    project.run("pause", "newsletter", "--why", "holidays", "--by", "anna")

    shown = project.run("status").stdout
    assert "paused (operator) by anna" in shown
    assert "holidays; was paused (credentials)" in shown


def test_resume_says_when_what_is_not_paused_goes_on(project: Project) -> None:
    queue(project)

    resumed = project.run("resume", "newsletter").stdout

    assert "is not paused and goes on by itself: 3 wait" in resumed
    assert "3 of 100, or in" in resumed


def test_running_host_tells_on_standard_error_what_an_operator_should_know(
    project: Project,
) -> None:
    project.configure(more='batch = { max_age = "0s" }')
    project.order_faults(
        {"fault": "reject", "identifiers": ["2"], "code": 105, "message": "no such city"}
    )
    heard: list[str] = []

    def hears(words: str) -> bool:
        with contextlib.suppress(BlockingIOError):  # nothing new was said
            heard.append(os.read(said, 65_536).decode())
        return words in "".join(heard)

    with project.start("run") as host:
        assert host.stderr is not None
        said = host.stderr.fileno()
        os.set_blocking(said, False)
        queue(project)
        project.wait_for(lambda: hears("1 change dead: 105: "))
        project.run("pause", "newsletter", "--why", "deploy of CRM", "--by", "anna")
        project.wait_for(lambda: hears("paused (operator) by anna"))
        project.run("resume", "newsletter")
        project.wait_for(lambda: hears("newsletter: resumed\n"))
        host.send_signal(signal.SIGTERM)
        host.wait(timeout=20)

    lines = "".join(heard).splitlines()
    assert len(lines) == 3
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ newsletter: ", line) for line in lines)
