"""The token is nowhere: not in the database, the log, an exception or a message."""

import pytest

from tests.e2e.project import TOKEN, Project, write_csv


@pytest.mark.parametrize("auth", ["bearer", "basic", "query"])
def test_token_is_nowhere_after_a_faulty_sync_with_full_logging(
    project: Project, auth: str
) -> None:
    user = '\nusername = "petiole"' if auth == "basic" else ""
    project.configure(more=f'auth = "{auth}"\ntimeout = "1s"{user}')
    project.order_faults(
        {"fault": "status", "status": 503, "calls": [1]},
        {"fault": "cut-after", "calls": [2]},
        {"fault": "html", "calls": [3]},
        {"fault": "status", "status": 401, "calls": [4]},
    )
    write_csv(project.folder / "few.csv", ["id"], ([str(n)] for n in range(500)))

    outputs = []
    for _ in range(3):
        done = project.run(
            "-vv", "sync", "newsletter", "few.csv", "--segment", "4711", "--key", "id"
        )
        outputs.append(done.stdout + done.stderr)
    outputs.append(
        project.run("status", "--json").stdout + project.run("dead", "list", "--json").stdout
    )

    stored = b"".join(path.read_bytes() for path in project.folder.glob("petiole.db*"))
    assert "DEBUG" in outputs[0]
    assert len(project.ledger().profiles) == 500
    assert TOKEN not in "".join(outputs)
    assert TOKEN.encode() not in stored


def test_running_host_goes_on_by_itself_once_the_secret_has_changed(project: Project) -> None:
    secret = project.folder / "token"
    secret.write_text("outdated")
    project.configure(token=f'{{ file = "{secret}" }}')
    write_csv(project.folder / "few.csv", ["id"], ([str(n)] for n in range(300)))
    assert project.sync("few.csv", "--queue-only").returncode == 0

    with project.start("run") as host:
        assert host.stderr is not None
        paused = host.stderr.readline()
        before = project.status()
        secret.write_text(TOKEN)
        project.wait_for(lambda: project.status()["delivered"] == 300)
        host.terminate()

    assert "paused" in paused
    assert (before["state"], before["pending"]) == ("paused", 300)
    assert len(project.ledger().profiles) == 300
