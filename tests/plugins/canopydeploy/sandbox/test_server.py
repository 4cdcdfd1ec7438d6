import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Manner, Request, json_answer
from petiole.plugins.canopydeploy.sandbox.server import MOST_BODY_BYTES, Server


@contextmanager
def served(respond: Callable[[Request], Answer]) -> Iterator[Server]:
    server = Server("127.0.0.1", 0, respond=respond)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def told(request: Request) -> Answer:
    """Answer with what came in."""
    return json_answer(
        {
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "kind": request.headers.get("content-type"),
            "body": request.body.decode(),
            "host": request.host,
            "peer": request.peer,
        }
    )


@pytest.fixture
def address() -> Iterator[str]:
    with served(told) as server:
        yield server.address


def raw(address: str, sent: bytes) -> bytes:
    """Send bytes and read until the server closes the connection."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def test_request_arrives_whole(address: str) -> None:
    answer = httpx.post(f"http://{address}/a%20b/c?wsdl&version=1.24", json=["é"])

    assert answer.json() == {
        "method": "POST",
        "path": "/a b/c",
        "query": {"wsdl": "", "version": "1.24"},
        "kind": "application/json",
        "body": '["é"]',
        "host": address,
        "peer": "127.0.0.1",
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_arrives(address: str, method: str) -> None:
    answer = httpx.request(method, f"http://{address}/")

    assert answer.json()["method"] == method


def test_head_is_answered_without_a_body(address: str) -> None:
    answer = httpx.head(f"http://{address}/")

    assert int(answer.headers["Content-Length"]) > 0
    assert answer.content == b""


def test_connection_serves_many_calls(address: str) -> None:
    seen = set()
    with httpx.Client() as client:
        for _ in range(3):
            answer = client.get(f"http://{address}/")
            seen.add(answer.extensions["network_stream"].get_extra_info("client_addr"))

    assert len(seen) == 1


def test_connection_closes_where_the_caller_asks(address: str) -> None:
    received = raw(address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert b"Connection: close\r\n" in received


def test_body_in_chunks_is_put_together(address: str) -> None:
    parts = iter([b"one ", b"two ", b"three"])

    answer = httpx.post(f"http://{address}/", content=parts)

    assert answer.json()["body"] == "one two three"


def test_chunks_leave_the_connection_usable(address: str) -> None:
    with httpx.Client() as client:
        client.post(f"http://{address}/", content=iter([b"x"]))
        answer = client.post(f"http://{address}/", content=b"y")

    assert answer.json()["body"] == "y"


@pytest.mark.parametrize(
    "head",
    [
        f"Content-Length: {MOST_BODY_BYTES + 1}",
        "Content-Length: -1",
        "Content-Length: many",
        "Transfer-Encoding: chunked\r\n\r\nno-size",
        f"Transfer-Encoding: chunked\r\n\r\n{MOST_BODY_BYTES + 1:x}",
    ],
)
def test_body_that_cannot_be_read_is_answered_413_and_closes(address: str, head: str) -> None:
    received = raw(address, f"POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())

    assert received.startswith(b"HTTP/1.1 413 ")


def test_address_that_makes_no_sense_is_answered_400_and_closes(address: str) -> None:
    received = raw(address, b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 400 ")


def test_cut_closes_without_an_answer() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"never", manner=Manner.CUT)

    with served(respond) as server, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://{server.address}/")


def test_midway_stops_in_the_body() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"x" * 100, manner=Manner.MIDWAY)

    with served(respond) as server:
        received = raw(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    assert b"Content-Length: 100\r\n" in received
    assert received.endswith(b"\r\n\r\n" + b"x" * 50)


def test_trickle_arrives_whole() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"slow", manner=Manner.TRICKLE)

    with served(respond) as server:
        assert httpx.get(f"http://{server.address}/").content == b"slow"


def test_silence_ends_with_a_closed_connection() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"never", manner=Manner.SILENCE, seconds=0.01)

    with served(respond) as server, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://{server.address}/")


def test_body_trickles_behind_its_head() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"slow", manner=Manner.TRICKLE_BODY)

    with served(respond) as server:
        assert httpx.get(f"http://{server.address}/").content == b"slow"


def test_reset_is_no_orderly_close() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"never", manner=Manner.RESET)

    with served(respond) as server, pytest.raises(ConnectionResetError):
        raw(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


def test_half_closed_connection_still_listens() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"never", manner=Manner.HALF_CLOSED, seconds=3600)

    with (
        served(respond) as server,
        socket.create_connection((server.server_name, server.server_port), timeout=10) as caller,
    ):
        caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = caller.recv(1)
        caller.sendall(b"x")

    assert received == b""


@pytest.mark.parametrize(("manner", "promised"), [(Manner.LONG, 200), (Manner.SHORT, 50)])
def test_length_of_the_head_may_be_a_lie(manner: Manner, promised: int) -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"x" * 100, manner=manner, seconds=0.01)

    with served(respond) as server:
        received = raw(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert f"Content-Length: {promised}\r\n".encode() in received
    assert received.endswith(b"\r\n\r\n" + b"x" * 100)


def test_last_answer_closes_a_connection_that_was_to_be_kept() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"bye", manner=Manner.LAST)

    with served(respond) as server:
        received = raw(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    assert b"Connection: close" not in received
    assert received.endswith(b"\r\n\r\nbye")


def test_raw_answer_is_no_http() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, body=b"220 ESMTP\r\n", manner=Manner.RAW)

    with served(respond) as server:
        received = raw(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    assert received == b"220 ESMTP\r\n"


def test_flood_goes_on_until_the_caller_has_enough() -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=200, manner=Manner.FLOOD)

    with (
        served(respond) as server,
        httpx.stream("GET", f"http://{server.address}/") as answer,
    ):
        parts = answer.iter_raw(1_000_000)
        taken = [next(parts), next(parts)]

    assert answer.headers["Content-Length"] == "300000000"
    assert taken == [b" " * 1_000_000] * 2


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body_has_none(status: int) -> None:
    def respond(_: Request) -> Answer:
        return Answer(status=status, body=b"{}")

    with served(respond) as server:
        received = raw(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert b"Content-Length" not in received
    assert received.endswith(b"\r\n\r\n")


def test_stop_ends_silence_and_idle_connections() -> None:
    arrived = threading.Event()

    def respond(request: Request) -> Answer:
        if request.path == "/held":
            arrived.set()
            return Answer(status=200, manner=Manner.SILENCE, seconds=3600)
        return told(request)

    outcome: list[Exception] = []

    def hold(address: str) -> None:
        try:
            httpx.get(f"http://{address}/held", timeout=3600)
        except httpx.RemoteProtocolError as problem:
            outcome.append(problem)

    with httpx.Client() as idle:
        with served(respond) as server:
            idle.get(f"http://{server.address}/")
            caller = threading.Thread(target=hold, args=(server.address,))
            caller.start()
            arrived.wait()
        caller.join()

    assert len(outcome) == 1
    assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 100\r\n\r\n[1, 2]",
        b"Transfer-Encoding: chunked\r\n\r\n64\r\n[1, 2]",
    ],
)
def test_call_whose_body_ends_early_never_arrives(sent: bytes) -> None:
    arrived: list[Request] = []

    def respond(request: Request) -> Answer:
        arrived.append(request)
        return told(request)

    with (
        served(respond) as server,
        socket.create_connection((server.server_name, server.server_port)) as connection,
    ):
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + sent)
        connection.shutdown(socket.SHUT_WR)
        received = connection.recv(1)

    assert (received, arrived) == (b"", [])


def test_caller_that_hangs_up_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    answered = threading.Event()

    def respond(_: Request) -> Answer:
        answered.wait()
        return Answer(status=200, body=b"x" * 10_000_000)

    with served(respond) as server:
        with socket.create_connection((server.server_name, server.server_port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answered.set()

    assert capfd.readouterr() == ("", "")
