"""The command line itself: help, tables, JSON, plain text in pipes."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.project import Project, write_csv

HEAVY = ("dependency_injector", "httpx", "pydantic", "pydantic_settings", "sqlite_utils", "zeep")


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_imports_nothing_heavy(flag: str) -> None:
    code = (
        "import sys, contextlib\n"
        "from petiole.host.cli import main\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    main([{flag!r}])\n"
        f"print('loaded:', [name for name in {HEAVY} if name in sys.modules])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert "loaded: []" in done.stdout


@pytest.mark.parametrize(
    "name",
    ["demo", "init", "check", "campaigns", "sync", "run", "status", "dead", "plugins", "sandbox"],
)
def test_every_command_has_help_within_100_columns(project: Project, name: str) -> None:
    done = project.run(name, "--help")

    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "\x1b" not in done.stdout


def test_misspelt_command_and_flag_name_the_nearest(project: Project) -> None:
    command = project.run("sycn")
    flag = project.run("status", "--jsn")

    assert (command.returncode, flag.returncode) == (2, 2)
    assert "'sync'" in command.stderr
    assert "--json" in flag.stderr


def test_plugins_lists_canopydeploy_and_its_adapters(project: Project) -> None:
    shown = project.run("plugins")
    (plugin,) = json.loads(project.run("plugins", "--json").stdout)

    assert shown.returncode == 0
    assert "canopydeploy.rest" in shown.stdout
    assert plugin["id"] == "canopydeploy"
    assert plugin["error"] is None


def test_tables_are_plain_in_a_pipe_and_fit_80_columns(project: Project) -> None:
    write_csv(project.folder / "few.csv", ["id"], [["1"], ["2"]])
    assert project.sync("few.csv", "--queue-only").returncode == 0

    done = project.run("status", COLUMNS="80")

    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "newsletter" in done.stdout
    assert "2 of 100" in done.stdout


def test_dry_run_counts_and_changes_nothing(project: Project) -> None:
    write_csv(project.folder / "few.csv", ["id"], ([str(n)] for n in range(250)))

    done = project.sync("few.csv", "--dry-run")

    assert done.returncode == 0
    assert "250 to add" in done.stdout
    assert "3 calls" in done.stdout
    assert "the first: add a profile; fields: id" in done.stdout
    assert project.status()["enqueued"] == 0


def test_standard_input_is_an_audience_too(project: Project) -> None:
    lines = b'{"id": 1, "tags": ["a", "b"], "vip": true}\n{"id": 2, "vip": null}\n'

    done = project.sync("-", stdin=lines)

    assert done.returncode == 0, done.stderr
    assert project.ledger().profiles == {
        "1": {"id": 1, "tags": ["a", "b"], "vip": True},
        "2": {"id": 2, "vip": None},
    }


def test_change_log_is_sent_once_however_often_it_is_read(project: Project) -> None:
    columns = ["event", "change", "id", "name"]
    rows = [
        ["e1", "add", "1", "A"],
        ["e2", "add", "2", "B"],
        ["e3", "remove", "2", ""],
        ["e4", "update", "1", "C"],
    ]
    path = write_csv(project.folder / "log.csv", columns, rows)
    how = ("--mode", "changes", "--id-column", "event")

    first = project.sync(path, *how)
    again = project.sync(path, *how)
    write_csv(path, columns, [*rows, ["e5", "add", "3", "D"]])
    grown = project.sync(path, *how)

    assert [done.returncode for done in (first, again, grown)] == [0, 0, 0]
    ledger = project.ledger()
    assert ledger.profiles == {"1": {"id": "1", "name": "C"}, "3": {"id": "3", "name": "D"}}
    assert sorted(ledger.changes) == [("1", "NEW"), ("2", "REMOVED"), ("3", "NEW")]
    assert project.status()["folded"] == 2


def test_init_writes_settings_that_load_and_overwrites_nothing(project: Project) -> None:
    first = project.run("init", "fresh")
    again = project.run("init", "fresh")
    status = project.run("--config", "fresh/petiole.toml", "status", "--json")

    assert first.returncode == 0
    assert again.returncode == 1
    assert "left as it is" in again.stderr
    assert status.returncode == 0, status.stderr
    assert "newsletter" in json.loads(status.stdout)["connections"]


def test_sync_answers_in_json(project: Project) -> None:
    write_csv(project.folder / "few.csv", ["id"], [["1"], [""], ["2"]])

    done = project.sync("few.csv", "--json")

    document = json.loads(done.stdout)
    assert document["plan"]["add"] == 2
    assert document["run"]["delivered"] == {"add": 2, "update": 0, "remove": 0}
    assert [row["line"] for row in document["refused"]] == [3]


def test_change_log_counts_in_json_without_queueing(project: Project) -> None:
    rows = [["add", "1"], ["remove", "2"]]
    path = write_csv(project.folder / "log.csv", ["change", "id"], rows)

    done = project.sync(path, "--mode", "changes", "--dry-run", "--json")

    assert json.loads(done.stdout)["log"] == {"changes": 2, "seen_before": 0}
    assert project.status()["enqueued"] == 0


def test_full_disk_under_the_output_is_one_line(project: Project) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            project.command("plugins", "--json"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 1
    assert "the output cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_color_means_plain_text_on_a_terminal_too(project: Project) -> None:
    write_csv(project.folder / "few.csv", ["id"], [["1"]])
    assert project.sync("few.csv", "--queue-only").returncode == 0
    terminal, other_end = os.openpty()
    with subprocess.Popen(
        project.command("status"),
        cwd=project.folder,
        env=project.environment(NO_COLOR="1", TERM="xterm-256color"),
        stdout=other_end,
        stderr=other_end,
        stdin=subprocess.DEVNULL,
    ) as host:
        os.close(other_end)
        shown = b""
        with contextlib.suppress(OSError):  # the kernel's way to say that a terminal ended
            while part := os.read(terminal, 4096):
                shown += part
    os.close(terminal)

    assert host.returncode == 0
    assert b"newsletter" in shown
    assert b"\x1b" not in shown
