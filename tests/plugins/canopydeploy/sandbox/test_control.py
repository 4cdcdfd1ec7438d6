import json

import pytest

from petiole.plugins.canopydeploy.sandbox.control import Control
from petiole.plugins.canopydeploy.sandbox.exchange import Request
from petiole.plugins.canopydeploy.sandbox.webhook import MOUNT
from tests.plugins.canopydeploy.sandbox.desk import DEMO, TOKEN, Desk, read, record


def test_ledger_tells_every_call_in_order(desk: Desk) -> None:
    desk.post(record("a"), record("b"))
    desk.call("GET", "/nowhere")

    calls = desk.control("GET", "ledger")["calls"]

    assert [(call["n"], call["method"], call["status"]) for call in calls] == [
        (1, "POST", 200),
        (2, "GET", 404),
    ]
    assert (calls[0]["path"], calls[0]["records"], calls[0]["applied"]) == (DEMO, 2, 2)
    assert "changes" not in calls[0]


def test_ledger_tells_each_record_where_asked(desk: Desk) -> None:
    desk.post(record("b"), record("a"), record("b", "REMOVED"))

    calls = desk.control("GET", "ledger", records="1")["calls"]

    assert calls[0]["changes"] == [["b", "NEW"], ["a", "NEW"], ["b", "REMOVED"]]


def test_journal_tells_every_change_in_the_order_of_application(desk: Desk) -> None:
    desk.control("POST", "settings", {"journal": True})
    desk.post(record("a", n=1), record("b", n=2))
    desk.post(record("a", "MODIFIED", n=3))

    changes = desk.control("GET", "journal", identifier="a")["changes"]

    assert changes == [
        {"segment": "4711", "identifier": "a", "status": "NEW", "fields": {"n": 1}},
        {"segment": "4711", "identifier": "a", "status": "MODIFIED", "fields": {"n": 3}},
    ]
    assert len(desk.control("GET", "journal")["changes"]) == 3


def test_journal_is_empty_unless_it_is_asked_for(desk: Desk) -> None:
    desk.post(record("a"))

    assert desk.control("GET", "journal") == {"changes": []}


def test_ledger_sums_up(desk: Desk) -> None:
    desk.post(record("a"), record("b", "GONE"))
    desk.post(record("a", "MODIFIED"))
    desk.call("GET", DEMO)

    totals = desk.control("GET", "ledger")["totals"]

    assert totals == {
        "calls": 3,
        "statuses": {"200": 2, "405": 1},
        "faults": {},
        "records": 3,
        "applied": 2,
        "rejected": 1,
        "profiles": 1,
        "changes": 2,
        "quota_used": 2,
    }


@pytest.mark.parametrize("path", [f"/{TOKEN}/x", DEMO])
def test_ledger_never_tells_a_token(desk: Desk, path: str) -> None:
    desk.call("POST", path, [record("a")], query={"token": TOKEN})

    assert TOKEN not in json.dumps(desk.ledger())


def test_reset_goes_back_to_the_start(desk: Desk) -> None:
    desk.control("POST", "endpoints", {"name": "extra", "mapping": None})
    desk.control("POST", "faults", {"rules": [{"fault": "empty", "calls": [9]}]})
    desk.control("POST", "settings", {"daily_quota": 3})
    desk.post(record("a"))

    desk.control("POST", "reset")

    assert desk.ledger()["calls"] == []
    assert desk.profiles() == {}
    assert desk.control("GET", "endpoints") == {
        "endpoints": {"demo": {"key": "identifier", "rows": {}}}
    }
    assert desk.control("GET", "faults") == {"rules": []}
    assert desk.control("GET", "settings")["daily_quota"] == 50_000
    assert read(desk.post(record("a")))[0]["clang_id"] == "clang_88213"


def test_settings_are_changed_one_by_one(desk: Desk) -> None:
    before = desk.control("GET", "settings")

    after = desk.control("POST", "settings", {"parallel": 2, "envelope": {"status": "kind"}})

    assert after == {
        **before,
        "parallel": 2,
        "envelope": {**before["envelope"], "status": "kind"},
    }


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("settings", {"daily_qouta": 1}, "does not know daily_qouta"),
        ("settings", {"daily_quota": -1}, "daily_quota must be an integer of at least 0"),
        ("settings", {"daily_quota": "many"}, 'not "many"'),
        ("settings", {"parallel": 0}, "parallel must be an integer of at least 1"),
        ("settings", {"latency_ms": True}, "latency_ms must be a number"),
        ("settings", {"envelope": {"id": "x"}}, "envelope does not know id"),
        ("settings", {"soap": {"portal": "test"}}, "portal must be secure or login"),
        ("settings", {"soap": {"fault_status": 404}}, "fault_status must be 200 or 500"),
        ("settings", {"envelope": {"status": ""}}, "status must be a string"),
        ("endpoints", {"mapping": None}, "lacks name"),
        ("endpoints", {"name": "x", "mapping": {}}, "mapping lacks key"),
        ("endpoints", {"name": "x", "mapping": 3}, "mapping must be a JSON object"),
        ("tokens", {"active": True}, "lacks token"),
        ("tokens", {"token": "x", "active": "yes"}, "active must be true or false"),
    ],
)
def test_nonsense_is_answered_400_and_says_what_is_wrong(
    desk: Desk, name: str, content: object, complaint: str
) -> None:
    answer = desk.ask_control("POST", name, content)

    assert answer.status == 400
    assert complaint in read(answer)["error"]["message"]


def test_body_that_is_not_json_is_answered_400(desk: Desk) -> None:
    request = Request(method="POST", path="/_sandbox/faults", body=b"{rules")

    answer = Control(desk.platform).answer(request)

    assert (answer.status, read(answer)["error"]["message"]) == (
        400,
        "the script is not valid JSON",
    )


def test_unknown_control_is_answered_404_with_those_there_are(desk: Desk) -> None:
    answer = desk.ask_control("GET", "legder")

    assert answer.status == 404
    assert "there are ledger, journal, faults" in read(answer)["error"]["message"]


def test_wrong_method_is_answered_405(desk: Desk) -> None:
    answer = desk.ask_control("DELETE", "ledger")

    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 403)])
def test_control_takes_calls_from_this_machine_only(desk: Desk, peer: str, status: int) -> None:
    request = Request(method="GET", path="/_sandbox/ledger", peer=peer)

    assert Control(desk.platform).answer(request).status == status


def test_tokens_are_counted_and_never_told(desk: Desk) -> None:
    told = desk.control("POST", "tokens", {"token": "second", "active": False})

    assert told == {"active": 1, "inactive": 1}


def test_new_receiver_answers(desk: Desk) -> None:
    desk.control("POST", "endpoints", {"name": "spring", "mapping": {"key": "identifier"}})

    assert "clang_id" in read(desk.post(record("a"), path=f"{MOUNT}spring"))[0]
