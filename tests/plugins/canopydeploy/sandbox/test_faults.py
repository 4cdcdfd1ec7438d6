import zlib

import pytest

from petiole.plugins.canopydeploy.sandbox.bomb import UNPACKED_BYTES
from petiole.plugins.canopydeploy.sandbox.exchange import Manner
from tests.plugins.canopydeploy.sandbox.desk import DEMO, Desk, Json, read, record


def script(desk: Desk, *rules: dict[str, object]) -> Json:
    return desk.control("POST", "faults", {"rules": list(rules)})


def statuses(desk: Desk, calls: int) -> list[int]:
    return [desk.post(record("a")).status for _ in range(calls)]


def test_named_calls_are_spoilt_and_no_others(desk: Desk) -> None:
    script(desk, {"calls": [2, 4], "fault": "status", "status": 503})

    assert statuses(desk, 5) == [200, 503, 200, 503, 200]


def test_every_nth_call_is_spoilt(desk: Desk) -> None:
    script(desk, {"every": 3, "fault": "status", "status": 500})

    assert statuses(desk, 7) == [200, 200, 500, 200, 200, 500, 200]


def test_same_seed_spoils_the_same_share_again(desk: Desk) -> None:
    rule: dict[str, object] = {"share": 0.3, "seed": 7, "fault": "status", "status": 500}
    script(desk, rule)
    first = statuses(desk, 40)
    script(desk, rule)

    assert statuses(desk, 40) == first
    assert 4 <= first.count(500) <= 20


def test_rule_fires_at_most_so_many_times(desk: Desk) -> None:
    script(desk, {"fault": "status", "status": 500, "times": 2})

    assert statuses(desk, 4) == [500, 500, 200, 200]


def test_calls_are_counted_from_the_moment_the_script_is_set(desk: Desk) -> None:
    statuses(desk, 3)
    script(desk, {"calls": [1], "fault": "status", "status": 500})

    assert statuses(desk, 2) == [500, 200]


def test_rule_for_another_path_neither_counts_nor_fires(desk: Desk) -> None:
    script(desk, {"calls": [1], "path": "/app/api/soap", "fault": "status", "status": 500})

    assert statuses(desk, 1) == [200]
    assert desk.control("GET", "faults")["rules"][0]["seen"] == 0


def test_rule_may_ask_for_a_text_in_the_body(desk: Desk) -> None:
    script(desk, {"contains": '"culprit"', "fault": "status", "status": 500})

    assert desk.post(record("innocent")).status == 200
    assert desk.post(record("culprit")).status == 500


def test_first_rule_wins_and_the_other_has_not_fired(desk: Desk) -> None:
    script(
        desk,
        {"calls": [1], "fault": "status", "status": 500},
        {"calls": [1], "fault": "status", "status": 502},
    )

    assert statuses(desk, 1) == [500]
    assert [rule["fired"] for rule in desk.control("GET", "faults")["rules"]] == [1, 0]


def test_status_carries_its_headers_and_applies_nothing(desk: Desk) -> None:
    rule = {"fault": "status", "status": 429, "headers": {"Retry-After": "7"}}
    script(desk, rule)

    answer = desk.post(record("a"))

    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert desk.profiles() == {}


def test_status_may_come_after_the_call_was_applied(desk: Desk) -> None:
    script(desk, {"fault": "status", "status": 504, "applied": True})

    desk.post(record("a"))

    assert desk.profiles() == {"4711": {"a": {}}}


@pytest.mark.parametrize(
    ("fault", "manner", "applied"),
    [
        ("timeout-before", Manner.SILENCE, False),
        ("timeout-after", Manner.SILENCE, True),
        ("cut-before", Manner.CUT, False),
        ("cut-after", Manner.CUT, True),
        ("cut-midway", Manner.MIDWAY, True),
        ("trickle", Manner.TRICKLE, True),
        ("trickle-body", Manner.TRICKLE_BODY, True),
        ("reset-before", Manner.RESET, False),
        ("reset-after", Manner.RESET, True),
        ("half-closed", Manner.HALF_CLOSED, True),
        ("idle-close", Manner.LAST, True),
        ("length-over", Manner.LONG, True),
        ("length-under", Manner.SHORT, True),
        ("flood", Manner.FLOOD, True),
        ("not-http", Manner.RAW, False),
        ("tls-alert", Manner.RAW, False),
    ],
)
def test_broken_transport_applies_the_call_or_does_not(
    desk: Desk, fault: str, manner: Manner, *, applied: bool
) -> None:
    script(desk, {"fault": fault})

    answer = desk.post(record("a"))

    assert answer.manner is manner
    assert bool(desk.profiles()) is applied


def test_silence_lasts_as_long_as_the_setting_says(desk: Desk) -> None:
    desk.control("POST", "settings", {"hold_seconds": 2.5})
    script(desk, {"fault": "timeout-after"})

    assert desk.post(record("a")).seconds == 2.5


def test_html_is_a_page_with_status_200(desk: Desk) -> None:
    script(desk, {"fault": "html"})

    answer = desk.post(record("a"))

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert desk.profiles() == {}


@pytest.mark.parametrize("applied", [True, False])
def test_broken_json_cannot_be_read(desk: Desk, *, applied: bool) -> None:
    script(desk, {"fault": "broken-json", "applied": applied})

    answer = desk.post(record("a"))

    assert answer.status == 200
    assert bool(desk.profiles()) is applied
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        read(answer)


def test_empty_answer_has_no_body(desk: Desk) -> None:
    script(desk, {"fault": "empty"})

    answer = desk.post(record("a"))

    assert (answer.status, answer.body) == (200, b"")


def test_body_is_the_rules_own(desk: Desk) -> None:
    headers = {"X-Page": "3"}
    rule = {"fault": "body", "status": 203, "media": "text/csv", "body": "a;b", "headers": headers}
    script(desk, rule)

    answer = desk.post(record("a"))

    assert (answer.status, answer.body, answer.headers["X-Page"]) == (203, b"a;b", "3")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert desk.profiles() == {}


def test_soap_fault_may_come_under_any_status(desk: Desk) -> None:
    script(desk, {"fault": "soap-fault", "status": 200, "code": 202, "message": "Invalid <token>"})

    answer = desk.post(record("a"))

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert b"<faultcode>202</faultcode>" in answer.body
    assert b"Invalid &lt;token&gt;" in answer.body


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("echo-missing", ["b", "c"]),
        ("echo-unknown", ["nobody-we-know", "b", "c"]),
        ("echo-twice", ["a", "a", "b", "c"]),
        ("echo-swapped", ["c", "b", "a"]),
    ],
)
def test_echo_names_others_than_were_applied(desk: Desk, fault: str, named: list[str]) -> None:
    script(desk, {"fault": fault})

    answer = desk.post(record("a"), record("b"), record("c"))

    assert [each["identifier"] for each in read(answer)] == named
    assert set(desk.profiles()["4711"]) == {"a", "b", "c"}


@pytest.mark.parametrize("fault", ["echo-missing", "echo-swapped"])
def test_answer_that_is_no_echo_is_left_alone(desk: Desk, fault: str) -> None:
    script(desk, {"fault": fault})

    answer = desk.call("GET", DEMO)

    assert read(answer)["error"]["code"] == 405


def test_echo_of_one_record_can_be_swapped(desk: Desk) -> None:
    script(desk, {"fault": "echo-swapped"})

    answer = desk.post(record("a"))

    assert [each["identifier"] for each in read(answer)] == ["a"]


def test_bomb_is_small_and_becomes_gigantic(desk: Desk) -> None:
    script(desk, {"fault": "gzip-bomb"})

    answer = desk.post(record("a"))

    unpacker = zlib.decompressobj(wbits=31)
    unpacked = unpacker.decompress(answer.body, 1_000_000)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.body) < 1_000_000
    assert unpacked == b" " * 1_000_000
    assert int.from_bytes(answer.body[-4:], "little") == UNPACKED_BYTES
    assert desk.profiles() == {"4711": {"a": {}}}


def test_named_records_are_rejected_each_time_and_the_others_applied(desk: Desk) -> None:
    rule = {"fault": "reject", "identifiers": ["b"], "code": 105, "message": "no such country"}
    script(desk, rule)

    answers = [read(desk.post(record("a"), record("b"))) for _ in range(2)]

    for echoed in answers:
        assert "clang_id" in echoed[0]
        assert echoed[1]["error"] == {"code": 105, "message": "no such country"}
        assert "clang_id" not in echoed[1]
    assert desk.profiles() == {"4711": {"a": {}}}


def test_call_with_a_named_record_is_refused_whole_without_naming_it(desk: Desk) -> None:
    script(desk, {"fault": "refuse", "identifiers": ["b"], "message": "invalid data"})

    refused, accepted = desk.post(record("a"), record("b")), desk.post(record("a"))

    assert (refused.status, accepted.status) == (400, 200)
    assert refused.headers["X-Deployteq-API-Error"] == "invalid data"
    assert read(refused) == {"error": {"code": 400, "message": "invalid data"}}
    assert desk.ledger()["history"] == {"4711": {"a": 1}}


def test_script_shows_how_often_each_rule_fired(desk: Desk) -> None:
    rule = {"every": 2, "fault": "status", "status": 500}
    script(desk, rule)
    statuses(desk, 5)

    assert desk.control("GET", "faults") == {"rules": [{"rule": rule, "seen": 5, "fired": 2}]}


def test_cleared_script_spoils_nothing(desk: Desk) -> None:
    script(desk, {"fault": "status", "status": 500}, {"fault": "reject", "identifiers": ["a"]})
    desk.control("DELETE", "faults")

    assert "clang_id" in read(desk.post(record("a")))[0]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([], "must be a JSON object"),
        ({}, "lacks rules"),
        ({"rules": {}}, "rules must be a list of objects"),
        ({"rules": [1]}, "rules[0] must be a JSON object"),
        ({"rules": [{}]}, "rules[0] lacks fault"),
        ({"rules": [{"fault": "explode"}]}, "no fault explode; there are status, "),
        ({"rules": [{"fault": "status"}]}, "lacks status"),
        ({"rules": [{"fault": "body"}]}, "lacks body"),
        ({"rules": [{"fault": "body", "body": "x", "status": 600}]}, "status must be"),
        ({"rules": [{"fault": "flood", "applied": False}]}, "does not know applied"),
        ({"rules": [{"fault": "status", "status": 42}]}, "status must be"),
        ({"rules": [{"fault": "status", "status": 999}]}, "status must be"),
        ({"rules": [{"fault": "status", "status": True}]}, "status must be"),
        (
            {"rules": [{"fault": "status", "status": 500, "headers": {"A": "b\r\nC: d"}}]},
            "headers must be",
        ),
        ({"rules": [{"fault": "html", "calls": [0]}]}, "calls must be a list of integers from 1"),
        ({"rules": [{"fault": "html", "calls": [1], "every": 2}]}, "choose one of calls and every"),
        ({"rules": [{"fault": "html", "share": 2}]}, "share must be a number from 0 to 1"),
        ({"rules": [{"fault": "html", "seed": 2}]}, "does not know seed"),
        ({"rules": [{"fault": "html", "sahre": 0.1}]}, "does not know sahre"),
        ({"rules": [{"fault": "reject"}]}, "lacks identifiers"),
        ({"rules": [{"fault": "reject", "identifiers": []}]}, "identifiers must be"),
        ({"rules": [{"fault": "reject", "identifiers": ["a"], "every": 2}]}, "not know every"),
        ({"rules": [{"fault": "timeout-after", "applied": False}]}, "does not know applied"),
    ],
)
def test_nonsense_is_refused_and_the_old_script_stays(
    desk: Desk, content: object, complaint: str
) -> None:
    script(desk, {"fault": "status", "status": 500})

    answer = desk.ask_control("POST", "faults", content)

    assert answer.status == 400
    assert complaint in read(answer)["error"]["message"]
    assert desk.post(record("a")).status == 500


def test_spoilt_calls_are_named_in_the_ledger(desk: Desk) -> None:
    script(
        desk,
        {"calls": [1], "fault": "status", "status": 503},
        {"calls": [2], "fault": "timeout-after"},
        {"fault": "reject", "identifiers": ["b"]},
    )
    desk.post(record("a"))
    desk.post(record("a"))
    desk.post(record("a"), record("b"))

    calls = desk.ledger()["calls"]

    assert [call["fault"] for call in calls] == ["status", "timeout-after", "reject"]
    assert [call["status"] for call in calls] == [503, None, 200]
    assert [call["applied"] for call in calls] == [0, 1, 1]
    assert [call["path"] for call in calls] == [DEMO] * 3
