import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from petiole.plugins.canopydeploy.sandbox.clock import Clock
from petiole.plugins.canopydeploy.sandbox.exchange import Answer
from petiole.plugins.canopydeploy.sandbox.webhook import COUNT_HEADER, MOUNT
from tests.plugins.canopydeploy.sandbox.desk import DEMO, TOKEN, Desk, read, record


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_echo_adds_the_same_id_for_the_same_identifier(desk: Desk) -> None:
    sent = record("11000", city="Delft")

    first, again = read(desk.post(sent)), read(desk.post(sent, record("11001")))

    assert first == [{**sent, "clang_id": "clang_88213"}]
    assert [echoed["clang_id"] for echoed in again] == ["clang_88213", "clang_88214"]


def test_id_is_the_last_key_of_every_object(desk: Desk) -> None:
    answer = desk.post(record("11000", zebra="z"))

    assert list(read(answer)[0])[-1] == "clang_id"


def test_single_object_is_answered_by_a_single_object(desk: Desk) -> None:
    answer = desk.call("POST", DEMO, record("11000"))

    assert read(answer)["clang_id"] == "clang_88213"


def test_receiver_without_a_mapping_echoes_byte_for_byte_and_keeps_nothing(desk: Desk) -> None:
    desk.control("POST", "endpoints", {"name": "raw", "mapping": None})
    body = b'[ {"status":"NEW","segmentId":"1","identifier":"a", "x": 1.50} ]\n'

    answer = desk.call("POST", f"{MOUNT}raw", body=body)

    assert answer.body == body
    assert desk.ledger()["profiles"] == {}


def test_mapping_with_another_key_finds_customers_by_that_key(desk: Desk) -> None:
    desk.control("POST", "endpoints", {"name": "crm", "mapping": {"key": "number"}})

    answers = [read(desk.call("POST", f"{MOUNT}crm", {"number": number})) for number in (7, 8, "7")]

    ids = [answer["clang_id"] for answer in answers]
    assert ids[0] == ids[2] != ids[1]


def test_object_without_the_key_gets_no_id(desk: Desk) -> None:
    answer = desk.post({"note": "no key here"})

    assert read(answer) == [{"note": "no key here"}]


def test_new_and_modified_merge_fields_and_leave_the_missing_ones(desk: Desk) -> None:
    desk.post(record("a", city="Delft", tier="gold"))
    desk.post(record("a", "MODIFIED", tier="silver", visits=3))

    assert desk.profiles() == {"4711": {"a": {"city": "Delft", "tier": "silver", "visits": 3}}}


def test_removed_takes_the_profile_out_of_that_segment_only(desk: Desk) -> None:
    desk.post(record("a"), record("a", segment="4712"), record("b"))
    desk.post(record("a", "REMOVED"))

    assert desk.profiles() == {"4711": {"b": {}}, "4712": {"a": {}}}


def test_removal_of_an_unknown_profile_is_accepted(desk: Desk) -> None:
    answer = desk.post(record("a", "REMOVED"))

    assert "clang_id" in read(answer)[0]


def test_history_counts_the_records_that_each_profile_received(desk: Desk) -> None:
    desk.post(record("a"), record("b"))
    desk.post(record("a", "MODIFIED"))

    assert desk.ledger()["history"] == {"4711": {"a": 2, "b": 1}}


def test_long_values_are_cut_but_echoed_as_sent(desk: Desk) -> None:
    answer = desk.post(record("a", story="x" * 300))

    assert desk.profiles()["4711"]["a"]["story"] == "x" * 256
    assert read(answer)[0]["story"] == "x" * 300


def test_envelope_keys_are_settings(desk: Desk) -> None:
    desk.control("POST", "settings", {"envelope": {"identifier": "id", "segment": "audience"}})

    desk.post({"id": "a", "audience": "spring", "status": "NEW", "city": "Delft"})

    assert desk.profiles() == {"spring": {"a": {"city": "Delft"}}}


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        (record("a", "GONE"), 105),
        (record(""), 101),
        ({"identifier": "a", "status": "NEW"}, 101),
    ],
)
def test_record_that_makes_no_sense_is_rejected_alone(
    desk: Desk, faulty: dict[str, object], code: int
) -> None:
    answer = desk.post(faulty, record("b"))

    echoed = read(answer)
    assert echoed[0]["error"]["code"] == code
    assert "clang_id" not in echoed[0]
    assert desk.profiles() == {"4711": {"b": {}}}


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {TOKEN}"},
        {"authorization": f"bearer {TOKEN}"},
        {"authorization": basic("webhook", TOKEN)},
    ],
)
def test_every_documented_header_admits(desk: Desk, headers: dict[str, str]) -> None:
    answer = desk.call("POST", DEMO, [], headers=headers)

    assert answer.status == 200


def test_token_in_the_query_admits(desk: Desk) -> None:
    answer = desk.call("POST", DEMO, [], headers={}, query={"token": TOKEN})

    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer wrong"},
        {"authorization": TOKEN},
        {"authorization": basic(TOKEN, "")},
        {"authorization": "Basic %%%"},
    ],
)
def test_missing_or_wrong_token_is_answered_401(desk: Desk, headers: dict[str, str]) -> None:
    answer = desk.call("POST", DEMO, [record("a")], headers=headers)

    assert answer.status == 401
    assert desk.profiles() == {}


def test_inactive_token_is_answered_401_until_it_is_active_again(desk: Desk) -> None:
    desk.control("POST", "tokens", {"token": TOKEN, "active": False})
    refused = desk.post(record("a"))
    desk.control("POST", "tokens", {"token": TOKEN, "active": True})
    admitted = desk.post(record("a"))

    assert (refused.status, admitted.status) == (401, 200)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"3", b'["a"]', b"[NaN]", b"\xff", b"[" * 9999]
)
def test_body_that_is_no_record_is_answered_400(desk: Desk, body: bytes) -> None:
    answer = desk.call("POST", DEMO, body=body)

    assert answer.status == 400
    assert "X-Deployteq-API-Error" in answer.headers


def test_body_over_the_limit_is_answered_413(desk: Desk) -> None:
    limit = desk.platform.state.settings.size_limit_bytes
    padded = json.dumps([record("a")]).encode().ljust(limit)

    assert desk.call("POST", DEMO, body=padded).status == 200
    assert desk.call("POST", DEMO, body=padded + b" ").status == 413


def test_other_methods_are_answered_405_with_the_one_allowed(desk: Desk) -> None:
    answer = desk.call("GET", DEMO)

    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("name", ["gone", "", "demo/x"])
def test_unknown_receiver_is_answered_404(desk: Desk, name: str) -> None:
    answer = desk.call("POST", f"{MOUNT}{name}", [])

    assert answer.status == 404


def count(answer: Answer) -> int:
    return int(answer.headers[COUNT_HEADER])


def test_calls_are_counted_over_all_receivers(desk: Desk) -> None:
    desk.control("POST", "endpoints", {"name": "other", "mapping": None})

    answers = [desk.post(), desk.call("POST", f"{MOUNT}other", []), desk.post()]

    assert [count(answer) for answer in answers] == [1, 2, 3]


def test_call_beyond_the_quota_is_answered_429_and_not_processed(desk: Desk) -> None:
    desk.control("POST", "settings", {"daily_quota": 1})
    desk.post(record("a"))

    answer = desk.post(record("b"))

    assert (answer.status, count(answer)) == (429, 2)
    assert desk.profiles() == {"4711": {"a": {}}}


def test_quota_is_50000_calls() -> None:
    assert Desk().platform.state.settings.daily_quota == 50_000


def test_count_starts_anew_at_midnight_in_amsterdam(desk: Desk) -> None:
    local = Clock(offset=lambda: 0.0).local()
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    ahead = midnight.timestamp() - local.timestamp()
    desk.control("POST", "settings", {"clock_offset_seconds": ahead - 3600})
    before = [count(desk.post()), count(desk.post())]
    desk.control("POST", "settings", {"clock_offset_seconds": ahead + 1})

    after = count(desk.post())

    assert (before[1] - before[0], after) == (1, 1)


def test_calls_at_the_same_time_lose_no_update(desk: Desk) -> None:
    def send(worker: int) -> None:
        for turn in range(20):
            desk.post({**record("a"), f"field{worker}-{turn}": 1}, record(f"b{worker}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))

    ledger = desk.ledger()
    assert len(ledger["profiles"]["4711"]["a"]) == 160
    assert ledger["history"]["4711"]["a"] == 160
    assert [call["n"] for call in ledger["calls"]] == list(range(1, 161))
