"""A project whose platform pushes: the connection's `push`, and the order to the twin to do it."""

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from subprocess import Popen
from urllib.request import Request, urlopen

from pydantic import BaseModel

from petiole.core.domain.fields import JsonValue
from tests.e2e.project import SEGMENT, Project, write_csv

SITE = 1404
PASSWORD = "made-up-password"
PUSH = (
    f'push = {{ site = {SITE}, username = "app", password = {{ file = "push-password.txt" }} }}\n'
)
Told = Mapping[str, JsonValue]


class Engaged(BaseModel):
    """What the twin says of a mailing."""

    mailing: int
    received: int
    opens: int
    clicks: int
    bounces: int
    complaints: int

    @property
    def events(self) -> int:
        """How many events it brought about."""
        return self.received + self.opens + self.clicks + self.bounces + self.complaints


class Sums(BaseModel):
    """Distinct valid events, and the digest of their ids."""

    count: int
    digest: str | None = None


class Events(BaseModel):
    """What became of the events that were pushed."""

    sent: Sums
    given_up: int


class Pushed(BaseModel):
    """What the twin says of its push."""

    state: str
    seconds: float
    calls: int
    sent: int
    answered: Mapping[str, int]
    malformed: Mapping[str, int]
    latency_ms: Mapping[str, float | None]
    events: Events


def prepare(project: Project, *, people: int, tables: str = "", more: str = "") -> Sequence[str]:
    """Let the platform hold some people, and expect to be pushed to."""
    (project.folder / "push-password.txt").write_text(PASSWORD, encoding="utf-8")
    project.configure(more=PUSH + more, tables=f"[web]\nport = 0\n{tables}")
    identifiers = [f"c-{n}" for n in range(people)]
    rows = ([identifier, "Delft"] for identifier in identifiers)
    done = project.sync(write_csv(project.folder / "people.csv", ["id", "city"], rows))
    assert done.returncode == 0, done.stderr
    return identifiers


@contextmanager
def serving(project: Project, *arguments: str) -> Iterator[tuple[Popen[str], str]]:
    """Run `petiole serve` here; yields it and its address. Ends it if it still runs."""
    with project.start("serve", *arguments) as host:
        assert host.stdout is not None
        told = host.stdout.readline()
        try:
            assert "listening on" in told, told + (host.stderr.read() if host.stderr else "")
            yield host, told.split()[2].rstrip(";")
        finally:
            if host.poll() is None:
                host.terminate()
                host.communicate(timeout=30)


def control(project: Project, path: str, body: Mapping[str, object] | None = None) -> bytes:
    """Call the twin's control API."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(project.sandbox.control + path, data, {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        told: bytes = answer.read()
    return told


def engage(project: Project, **more: object) -> Engaged:
    """Let recipients of the segment open and click."""
    asked = {"segment": SEGMENT, "campaign": int(SEGMENT), "content": "Spring mail", **more}
    given = {key: value for key, value in asked.items() if value is not None}
    return Engaged.model_validate_json(control(project, "engage", given))


def push(project: Project, url: str, **more: object) -> None:
    """Order the twin to push all that happened, in the background."""
    order = {
        "url": url,
        "site": SITE,
        "username": "app",
        "password": PASSWORD,
        "partner_number": 1010,
        **more,
    }
    control(project, "push", order)


def progress(project: Project) -> Pushed:
    """Ask the twin how far it is."""
    return Pushed.model_validate_json(control(project, "push"))


def pushed(project: Project, *, seconds: float = 90) -> Pushed:
    """Wait until the twin has pushed all."""
    until = time.monotonic() + seconds
    while (told := progress(project)).state == "running":
        assert time.monotonic() < until, told
        time.sleep(0.05)
    return told


def exported(project: Project, *arguments: str) -> Sequence[Told]:
    """Read all engagements that petiole keeps."""
    done = project.run("engagements", "export", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(text) for text in done.stdout.splitlines()]


def free_port() -> int:
    """Find a port that a host may be started on again and again."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port
