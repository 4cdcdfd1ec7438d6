import base64
import hashlib
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from petiole.plugins.canopydeploy.sandbox.push.malformed import Malformed
from tests.plugins.canopydeploy.sandbox.desk import Desk, Json, read, record
from tests.plugins.canopydeploy.sandbox.receiver import Call, Receiver, receiving

HASH = "e14ea289efcdde26d95aaa951e067d8eaf5bb6650a65bac28cb013bbc2406adc"
MAIL = {"segment": "4711", "campaign": 4711, "content": "Spring mail"}
SPAN = {"start": "2026-03-02T08:20:41Z", "span_seconds": 3600}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Forty people receive a mail, and each opens it."""
    desk.post(*(record(f"{number}") for number in range(40)))
    desk.control("POST", "engage", {**MAIL, **SPAN, "events": ["open"]})
    return desk


def order(url: str, **content: object) -> dict[str, object]:
    fixed = {"site": 1404, "username": "app", "password": "secret", "partner_number": 1010}
    return {"url": url, "retry_seconds": 0.01, **fixed, **content}


def pushed(desk: Desk, receiver: Receiver, **content: object) -> Json:
    """Push, and return the account when it is complete."""
    desk.control("POST", "push", order(receiver.url, **content))
    return finished(desk)


def finished(desk: Desk) -> Json:
    run = desk.platform.state.sender._run
    assert run is not None
    run._thread.join(20)
    return desk.control("GET", "push", events="1")


def digest(uuids: set[str]) -> str:
    return hashlib.sha256("\n".join(sorted(uuids)).encode()).hexdigest()


def test_call_is_what_the_store_app_sends(desk: Desk, receiver: Receiver) -> None:
    desk.post(record(HASH))
    desk.control("POST", "engage", {**MAIL, **SPAN, "events": ["click"]})

    told = pushed(desk, receiver, partner_number=1012)

    click = next(each for each in receiver.calls if b"Email Click" in each.body)
    assert click.path == "/v1/site-1404/profiles/1012/interactions"
    assert click.query == {"partnerId": [HASH]}
    assert click.headers["Authorization"] == "Basic " + base64.b64encode(b"app:secret").decode()
    assert click.headers["Content-Type"] == "application/json;charset=utf-8"
    (shown,) = [each for each in told["list"] if each["type"] == "Email Click"]
    assert json.loads(click.body) == {
        "interactions": [
            {
                "interactionType": "engagement",
                "timestamp": shown["timestamp"],
                "siteNumber": 1404,
                "eventId": shown["eventId"],
                "type": "Email Click",
                "content": None,
                "variables": {
                    "campaignId": "4711",
                    "brandId": "20",
                    "mailingType": "CAMPAIGN",
                    "contentName": "Spring mail",
                    "linkHref": "https://www.example.org/lisbon",
                    "linkDescription": "Hero button",
                },
            }
        ]
    }


def test_every_event_is_sent_once_and_accounted_for(full: Desk, receiver: Receiver) -> None:
    told = pushed(full, receiver)

    events = set(receiver.events())
    assert len(receiver.calls) == len(events) == 80
    assert (
        told["events"]["sent"] == told["events"]["taken"] == {"count": 80, "digest": digest(events)}
    )
    assert {each["eventId"] for each in told["list"]} == events
    assert (told["state"], told["sent"], told["answered"]) == ("done", 80, {"200": 80})


def test_connections_are_kept_alive(full: Desk, receiver: Receiver) -> None:
    pushed(full, receiver, connections=2)

    assert len({call.connection for call in receiver.calls}) <= 2


def test_calls_go_in_the_order_of_events(full: Desk, receiver: Receiver) -> None:
    pushed(full, receiver, connections=1)

    moments = [call.interactions[0]["timestamp"] for call in receiver.calls]
    assert moments == sorted(moments)


def test_neighbours_change_places_where_asked_to(full: Desk, receiver: Receiver) -> None:
    pushed(full, receiver, connections=1, out_of_order=10)

    moments = [call.interactions[0]["timestamp"] for call in receiver.calls]
    assert moments != sorted(moments)
    assert max(moments[:10]) < min(moments[10:20])


def test_late_calls_come_last(full: Desk, receiver: Receiver) -> None:
    told = pushed(full, receiver, connections=1, late=0.25)

    moments = [call.interactions[0]["timestamp"] for call in receiver.calls]
    assert told["late"] == 20
    assert moments[:60] == sorted(moments[:60])
    assert moments[60:] == sorted(moments[60:])
    assert moments[60] < moments[59]


def test_duplicates_are_sent_although_the_first_was_taken(full: Desk, receiver: Receiver) -> None:
    told = pushed(full, receiver, duplicates=0.1)

    counted = Counter(Counter(receiver.events()).values())
    assert (told["duplicates"], counted) == (8, {1: 72, 2: 8})
    assert told["events"]["taken"]["count"] == 80


def test_malformed_calls_come_on_top_and_are_counted_by_kind(
    full: Desk, receiver: Receiver
) -> None:
    receiver.answer = lambda call: 200 if call.event in known else 400
    known = {each.uuid for each in full.platform.state.crm.mailings.happened()}

    told = pushed(full, receiver, malformed=11 / 80)

    assert told["malformed"] == dict.fromkeys(Malformed, 1)
    assert told["calls"] == 91
    assert told["events"]["taken"]["count"] == 80
    assert sum(told["malformed_answered"].values()) == 11


@pytest.mark.parametrize(("number", "spoilt"), [(1010, ""), (1012, "no-hash")])
def test_identifier_is_malformed_as_its_partner_has_it(
    desk: Desk, receiver: Receiver, number: int, spoilt: str
) -> None:
    hashes = {hashlib.sha256(b"%d" % each).hexdigest() for each in range(11)}
    desk.post(*map(record, hashes))
    desk.control("POST", "engage", {**MAIL, "events": []})

    pushed(desk, receiver, partner_number=number, malformed=1.0)

    sent = {call.query["partnerId"][0] for call in receiver.calls}
    assert sent == hashes | {spoilt}


def test_several_events_of_a_profile_travel_together(full: Desk, receiver: Receiver) -> None:
    told = pushed(full, receiver, per_call=2)

    assert [len(call.interactions) for call in receiver.calls] == [2] * 40
    assert told["events"]["taken"]["count"] == 80


@pytest.mark.parametrize("status", [500, 503, 429, None])
def test_call_without_a_good_answer_is_sent_again(
    full: Desk, receiver: Receiver, status: int | None
) -> None:
    seen: Counter[str] = Counter()

    def once(call: Call) -> int | None:
        seen[call.event] += 1
        return status if seen[call.event] == 1 else 200

    receiver.answer = once
    told = pushed(full, receiver, connections=1)

    assert set(seen.values()) == {2}
    assert (told["retried"], told["given_up"]) == (80, 0)
    assert told["events"]["taken"]["count"] == 80


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_refused_call_is_not_sent_again(full: Desk, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status

    told = pushed(full, receiver)

    assert (len(receiver.calls), told["answered"]) == (80, {f"{status}": 80})
    assert (told["retried"], told["events"]["taken"]["count"]) == (0, 0)


def test_call_is_given_up_after_its_last_try(full: Desk, receiver: Receiver) -> None:
    receiver.answer = lambda _: 503

    told = pushed(full, receiver, tries=2)

    assert (len(receiver.calls), told["given_up"], told["events"]["given_up"]) == (160, 80, 80)


def test_receiver_that_never_answers_is_left_after_the_timeout(full: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        full.control("POST", "push", order(url, tries=1, timeout_seconds=0.05, connections=64))

        told = finished(full)

    assert (told["unanswered"], told["given_up"]) == (80, 80)


def test_receiver_that_is_not_there_is_no_failure_of_the_twin(full: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    full.control("POST", "push", order(f"http://127.0.0.1:{port}", tries=3))

    told = finished(full)

    assert (told["sent"], told["unanswered"], told["given_up"]) == (240, 240, 80)


def test_receiver_that_comes_back_gets_every_event(full: Desk) -> None:
    with receiving() as before:
        port = int(before.url.rpartition(":")[2])
        enough = threading.Event()

        def answer(_: Call) -> int:
            if len(before.calls) == 20:
                enough.set()
            return 200

        before.answer = answer
        full.control("POST", "push", order(before.url, tries=10_000, rate=400, duplicates=0.1))
        assert enough.wait(20)
    with receiving(port) as after:
        told = finished(full)

    events = {each.uuid for each in full.platform.state.crm.mailings.happened()}
    assert set(before.events()) | set(after.events()) == events
    assert told["events"]["taken"] == {"count": 80, "digest": digest(events)}
    assert told["given_up"] == 0


def test_server_that_hangs_up_after_each_answer_is_no_trouble(
    full: Desk, receiver: Receiver
) -> None:
    receiver.hangs_up = True

    told = pushed(full, receiver, tries=1)

    assert (told["events"]["taken"]["count"], told["given_up"]) == (80, 0)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_every_way_to_end_an_answer_is_understood(desk: Desk, answer: bytes) -> None:
    desk.post(record("a"))
    desk.control("POST", "engage", {**MAIL, "events": []})
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        desk.control("POST", "push", order(url, tries=1))
        told = finished(desk)
        thread.join()

    assert told["events"]["taken"]["count"] == 1


@pytest.mark.parametrize(
    "answer", [b"220 mail ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-L", b""]
)
def test_what_is_no_answer_counts_as_none(desk: Desk, answer: bytes) -> None:
    desk.post(record("a"))
    desk.control("POST", "engage", {**MAIL, "events": []})
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        desk.control("POST", "push", order(url, tries=1))
        told = finished(desk)
        thread.join()

    assert (told["unanswered"], told["answered"]) == (1, {})


def test_push_that_is_deleted_stops(full: Desk, receiver: Receiver) -> None:
    full.control("POST", "push", order(receiver.url, rate=1))

    told = full.control("DELETE", "push")

    assert told["state"] == "stopped"
    assert told["sent"] < 80


def test_second_push_waits_for_the_first(full: Desk, receiver: Receiver) -> None:
    full.control("POST", "push", order(receiver.url, rate=1))

    answer = full.ask_control("POST", "push", order(receiver.url))

    full.control("DELETE", "push")
    assert answer.status == 400
    assert "under way" in read(answer)["error"]["message"]


def test_reset_stops_a_push(full: Desk, receiver: Receiver) -> None:
    full.control("POST", "push", order(receiver.url, rate=1))
    run = full.platform.state.sender._run

    full.control("POST", "reset")

    assert run is not None
    assert not run.account.is_running
    assert full.control("GET", "push") == {"state": "none"}


def test_only_the_mailings_that_are_named_are_pushed(full: Desk, receiver: Receiver) -> None:
    full.control("POST", "engage", {**MAIL, "content": "Second", "events": []})

    pushed(full, receiver, mailings=[9002])

    names = {call.interactions[0]["variables"]["contentName"] for call in receiver.calls}
    assert (len(receiver.calls), names) == (40, {"Second"})


def test_who_has_no_hash_is_pushed_by_the_hash_of_the_address(
    desk: Desk, receiver: Receiver
) -> None:
    customers = "/app/api/rest/public/v2/customer"
    desk.call("POST", customers, {"emailaddress": " Sanne.deVries@example.org"})
    desk.call("POST", customers, {"lastname": "Nobody"})
    mail = {"campaign": 4711, "content": "Spring mail", "events": []}
    desk.control("POST", "engage", {**mail, "customers": [88213, 88214]})

    told = pushed(desk, receiver, partner_number=1012)

    assert [call.query["partnerId"] for call in receiver.calls] == [[HASH]]
    assert told["skipped_events"] == 1


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"url": "https://127.0.0.1:1"}, "url must be like http://127.0.0.1:8090"),
        ({"url": "http://127.0.0.1:1?x=1"}, "url must be like"),
        ({"url": "http://127.0.0.1:x"}, "url makes no sense"),
        ({"url": "http://192.0.2.7"}, "url must lead to this machine"),
        ({"url": "http://127.0.0.1/a b"}, "url must be percent-encoded"),
        ({"site": 0}, "site must be an integer of at least 1"),
        ({"per_call": 1001}, "per_call must be 1000 at most"),
        ({"connections": 65}, "connections must be 64 at most"),
        ({"duplicates": 2}, "duplicates must be a number from 0 to 1"),
        ({"trys": 2}, "does not know trys"),
        ({"mailings": [1]}, "nothing has happened"),
    ],
)
def test_nonsense_is_refused(full: Desk, content: dict[str, object], complaint: str) -> None:
    answer = full.ask_control("POST", "push", {**order("http://127.0.0.1:1"), **content})

    assert answer.status == 400
    assert complaint in read(answer)["error"]["message"]
