import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from petiole.plugins.canopydeploy.sandbox import running
from tests.plugins.canopydeploy.sandbox.desk import record

ROOTS = [str(Path(root).resolve()) for root in ("core", "adapters", "plugins")]


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "petiole.plugins.canopydeploy.sandbox", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS)}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(stream: IO[str] | None) -> dict[str, str]:
    assert stream is not None
    announced: dict[str, str] = json.loads(stream.readline())
    return announced


def test_announcement_tells_urls_token_and_client() -> None:
    lines: list[str] = []

    with running(announce=lines.append) as sandbox:
        told = json.loads(lines[0])

    base = sandbox.control.removesuffix("/_sandbox/")
    assert told == {
        "rest": f"{base}/app/api/rest/public/v2/project/datahook/data-receiver/demo",
        "soap": f"{base}/app/api/soap/public/index.php",
        "control": f"{base}/_sandbox/",
        "token": sandbox.token,
        "analytics": f"{base}/analytics-events/events",
        "oauth": f"{base}/oauth2/token",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
    }
    assert len(lines) == 1


def test_port_that_is_taken_is_named_with_the_remedy() -> None:
    with running() as sandbox:
        port = urlsplit(sandbox.control).port
        with started("--port", str(port)) as process:
            _, told = process.communicate(timeout=30)

    assert process.returncode == 1
    assert told == f"cannot listen on 127.0.0.1:{port}: Address already in use; try --port 0\n"


def test_token_is_a_fresh_uuid_unless_given() -> None:
    with running() as first, running() as second, running(token="mine") as third:
        tokens = [first.token, second.token, third.token]

    assert str(UUID(tokens[0])) == tokens[0] != tokens[1]
    assert tokens[2] == "mine"


def test_call_over_the_wire_is_seen_by_the_control_api_and_in_process() -> None:
    with running() as sandbox, httpx.Client() as client:
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        answer = client.post(sandbox.rest, json=[record("a", city="Delft")], headers=headers)
        ledger = client.get(f"{sandbox.control}ledger").json()
        standing = sandbox.platform.state.profiles.standing()

    assert answer.json()[0]["clang_id"] == "clang_88213"
    assert ledger["profiles"] == standing.profiles == {"4711": {"a": {"city": "Delft"}}}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly_with_connections_open(number: signal.Signals) -> None:
    with started("--port", "0") as process, httpx.Client() as client:
        sandbox = line(process.stdout)
        client.post(
            f"{sandbox['control']}faults",
            json={"rules": [{"calls": [1], "fault": "timeout-before"}]},
        )
        address = urlsplit(sandbox["rest"])
        with socket.create_connection((address.hostname, address.port)) as held:
            held.sendall(b"POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            while not client.get(f"{sandbox['control']}ledger").json()["calls"]:
                """The call is on its way."""

            process.send_signal(number)
            status = process.wait(timeout=10)

            assert held.recv(1) == b""

        assert status == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
