"""What is pushed is stored before it is answered; what may not, must not or cannot is refused."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from petiole.core.errors import ConfigurationError
from tests.host.web.platform import KEY, served


def test_answered_call_is_stored(tmp_path: Path) -> None:
    with served(tmp_path) as host:
        status = host.push("e-1")
        (stored,) = host.stored()

    assert status == 200
    assert (stored.engagement.event, stored.engagement.identifier.value) == ("e-1", "c-1")


def test_calls_at_once_are_each_stored_once(tmp_path: Path) -> None:
    events = [f"e-{n % 150}" for n in range(200)]

    with served(tmp_path) as host, ThreadPoolExecutor(16) as pool:
        statuses = set(pool.map(host.push, events))
        stored = host.stored()

    assert statuses == {200}
    assert sorted(one.engagement.event for one in stored) == sorted(set(events))


def test_who_observes_is_told_of_each_once(tmp_path: Path) -> None:
    with served(tmp_path) as host:
        host.push("e-1")
        host.push("e-1")
        host.push("e-2")

    assert [one.engagement.event for one in host.told] == ["e-1", "e-2"]


def test_malformed_call_is_kept_with_its_reason(tmp_path: Path) -> None:
    with served(tmp_path) as host:
        status, _ = host.call(body=b"no json")
        (refused,) = host.refused()

    assert status == 400
    assert (refused.reason, refused.content) == ("no event", "no json")


def test_stranger_is_turned_away_before_the_body_is_read(tmp_path: Path) -> None:
    head = b"POST /push-1/people/c HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"

    with served(tmp_path) as host, closing(dialled(host.port)) as line:
        line.sendall(head)
        answer = line.recv(1_000)

    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/push-1/people/c-1", 405),
        ("POST", "/push-1/people/c-1/more", 404),
        ("POST", "/push/people/c-1", 404),
        ("POST", "/healthz", 405),
        ("GET", "/", 404),
    ],
)
def test_wrong_address_is_refused_in_json(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    with served(tmp_path) as host:
        answered, body = host.call(path, method=method)

    assert answered == status
    assert json.loads(body)["errorCode"] == status


def test_large_body_is_refused_by_its_announcement(tmp_path: Path) -> None:
    head = (
        b"POST /push-1/people/c HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n"
        b"Content-Length: 99999999999\r\n\r\n"
    )

    with served(tmp_path) as host, closing(dialled(host.port)) as line:
        line.sendall(head % KEY.encode())
        answer = line.recv(1_000)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_large_body_is_refused_where_it_exceeds_the_limit(tmp_path: Path) -> None:
    head = (
        b"POST /push-1/people/c HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"3e8\r\n" + b"x" * 1_000 + b"\r\n"

    with served(tmp_path, max_body_bytes=1_000) as host, closing(dialled(host.port)) as line:
        line.sendall(head % KEY.encode() + 2 * chunk)
        answer = line.recv(1_000)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_slow_body_is_given_up(tmp_path: Path) -> None:
    head = (
        b"POST /push-1/people/c HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n"
        b"Content-Length: 10\r\n\r\n."
    )

    with served(tmp_path, timeout="1s") as host, closing(dialled(host.port)) as line:
        line.sendall(head % KEY.encode())
        answer = line.recv(1_000)

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_slow_head_is_given_up(tmp_path: Path) -> None:
    with served(tmp_path, timeout="1s") as host, closing(dialled(host.port)) as line:
        line.sendall(b"POST /push-1/people/c HTTP/1.1\r\n")
        answer = line.recv(1_000)

    assert answer == b""


def test_deep_json_fells_nobody(tmp_path: Path) -> None:
    with served(tmp_path) as host:
        status, _ = host.call(body=b"[" * 100_000)
        after = host.push("e-1")

    assert (status, after) == (400, 200)


def test_text_that_cannot_be_stored_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as host, ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(host.push, ["e-1", "\ud800", "e-2", "e-3"]))
        stored = host.stored()

    assert statuses == [200, 500, 200, 200]
    assert sorted(one.engagement.event for one in stored) == ["e-1", "e-2", "e-3"]


def test_host_that_is_well_says_so(tmp_path: Path) -> None:
    with served(tmp_path) as host:
        status, body = host.call("/healthz", method="GET")

    assert status == 200
    assert json.loads(body) == {"status": "ok", "outbox": True, "receiver": True, "relay": True}


def test_host_whose_outbox_is_gone_says_so(tmp_path: Path) -> None:
    with served(tmp_path) as host:
        (tmp_path / "petiole.db").rename(tmp_path / "elsewhere.db")
        pushed = host.push("e-1")
        status, body = host.call("/healthz", method="GET")

    assert (pushed, status) == (503, 503)
    assert json.loads(body)["receiver"] is False


def test_call_under_way_is_answered_and_stored_at_the_end(tmp_path: Path) -> None:
    body = json.dumps({"event": "last", "kind": "open"}).encode()
    head = (
        b"POST /push-1/people/c HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n"
        b"Content-Length: %d\r\n\r\n"
    )

    with ThreadPoolExecutor(1) as pool:
        with served(tmp_path) as host:
            line = dialled(host.port)
            line.sendall(head % (KEY.encode(), len(body)) + body[:5])
            time.sleep(0.3)  # until the server reads the body
            pool.submit(_send_later, line, body[5:])
        answer = line.recv(1_000)
        line.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert [one.engagement.event for one in host.told] == ["last"]


def test_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with served(tmp_path) as host:
        told = pytest.raises(ConfigurationError, match="cannot be listened on")
        with told, served(tmp_path, port=host.port):
            pass


def dialled(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def _send_later(line: socket.socket, rest: bytes) -> None:
    time.sleep(0.3)  # until the server is asked to end
    line.sendall(rest)
