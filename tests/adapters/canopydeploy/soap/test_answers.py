"""Answers of all kinds, told apart before a SOAP library guesses what they are."""

import httpx
import pytest

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.report import ACCEPTED, Rejected
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Throttled,
    Timeout,
    Unavailable,
)
from tests.adapters.canopydeploy.made import TOKEN, message
from tests.adapters.canopydeploy.soap.made import (
    TRUE,
    answering,
    enveloped,
    fault,
    members,
    result,
    runs,
)

PAGE = b"<html><head><title>Maintenance</title></head><body>soon</body></html>"
BOMB = (
    b'<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 10) for name in range(ord("b"), 123)
    )
    + b"]>"
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
LINKED = b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'


def delivered(transport: httpx.BaseTransport) -> object:
    """Start a run, and tell what became of it."""
    with runs(transport) as sink:
        return sink.deliver([message(1)]).outcomes[message(1).id]


def with_doctype(doctype: bytes) -> bytes:
    return TRUE.replace(b"?>", b"?>" + doctype, 1).replace(b"true", b"&a;true")


def test_true_is_a_success() -> None:
    assert delivered(answering(TRUE)) == ACCEPTED


@pytest.mark.parametrize("status", [200, 400, 500])
def test_fault_counts_whatever_its_status(status: int) -> None:
    transport = answering(fault("105", "Size must be between 1 and 50"), status=status)

    assert delivered(transport) == Rejected("105", "Size must be between 1 and 50")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("213", Rejected("213", "said")),
        ("107", Rejected("107", "said")),
        ("751", Rejected("751", "said")),
        ("999", Rejected("999", "said")),
        ("101", Rejected("101", "said")),
        ("SOAP-ENV:105", Rejected("105", "said")),
        ("Client", Rejected("Client", "said")),
        ("", Rejected("Other error", "said")),
    ],
)
def test_faults_are_passed_on_with_the_platforms_code_and_words(
    code: str, outcome: Rejected
) -> None:
    assert delivered(answering(fault(code, "said"), status=500)) == outcome


def test_fault_without_words_still_has_a_reason() -> None:
    outcome = delivered(answering(fault("105", ""), status=500))

    assert outcome == Rejected("105", "the platform gave no reason")


def test_second_membership_is_a_success() -> None:
    transport = answering(fault("107", "customer already member of campaign"), status=500)

    with members(transport) as sink:
        report = sink.deliver([message(1)])

    assert report.outcomes == {1: ACCEPTED}


def test_conflict_on_leaving_is_none_of_ours() -> None:
    with members(answering(fault("107", "locked"), status=500)) as sink:
        report = sink.deliver([message(1, kind=ChangeKind.REMOVE)])

    assert report.outcomes == {1: Rejected("107", "locked")}


@pytest.mark.parametrize("status", [200, 500])
def test_refused_token_is_no_answer_about_the_profile(status: int) -> None:
    with pytest.raises(InvalidCredentials, match="202: Invalid token") as caught:
        delivered(answering(fault("202", "Invalid token"), status=status))

    assert caught.value.code == "Invalid credentials"


def test_missing_rights_stop_the_connection_and_bury_nobody() -> None:
    with pytest.raises(InvalidCredentials, match="203: No rights for this brand") as caught:
        delivered(answering(fault("203", "No rights for this brand"), status=500))

    assert caught.value.code == "Invalid credentials"


def test_unknown_method_stops_the_connection_and_buries_nobody() -> None:
    words = "Unknown method [campaign_executeAsync] in version 1.18"

    with pytest.raises(
        EndpointRefused, match=r"Unknown method \[campaign_executeAsync\]"
    ) as caught:
        delivered(answering(fault("101", words), status=500))

    assert caught.value.code == "101"


@pytest.mark.parametrize("words", ["Argument [method] is unknown", "Missing argument [options]"])
def test_malformed_argument_is_told_of_its_profile_only(words: str) -> None:
    assert delivered(answering(fault("101", words), status=500)) == Rejected("101", words)


LEAVING = message(1, kind=ChangeKind.REMOVE)


def left(words: str, *, member: bytes = b"") -> tuple[object, list[str]]:
    """Remove somebody whom the platform does not find; tell what became of it, and the calls."""
    calls = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked = b"campaign_hasMember" in request.content
        calls.append("hasMember" if asked else "removeMember")
        return httpx.Response(200, content=member if asked else fault("213", words))

    with members(httpx.MockTransport(answer)) as sink:
        return sink.deliver([LEAVING]).outcomes[LEAVING.id], calls


@pytest.mark.parametrize("words", ["Customer [11001] not found", "no such customer"])
def test_leaving_is_a_success_for_whom_the_platform_does_not_know(words: str) -> None:
    assert left(words) == (ACCEPTED, ["removeMember"])


@pytest.mark.parametrize(
    "words", ["Campaign [4711] not found", "not found", "customer or campaign not found"]
)
@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (result("<n:msg>false</n:msg>", operation="campaign_hasMember"), True),
        (result("<n:msg>true</n:msg>", operation="campaign_hasMember"), False),
        (fault("213", "not found"), False),
    ],
    ids=["no member", "member", "unknown, too"],
)
def test_leaving_where_it_is_open_who_is_missing_is_read_back(
    words: str,
    answer: bytes,
    accepted: bool,  # noqa: FBT001 - a column of the table
) -> None:
    outcome, calls = left(words, member=answer)

    assert outcome == (ACCEPTED if accepted else Rejected("213", words))
    assert calls == ["removeMember", "hasMember"]


def test_joining_needs_a_customer_that_the_platform_knows() -> None:
    with members(answering(fault("213", "Customer not found"), status=500)) as sink:
        report = sink.deliver([message(1)])

    assert report.outcomes == {1: Rejected("213", "Customer not found")}


@pytest.mark.parametrize("code", ["Server", "SOAP-ENV:Server", "soap:Server.Busy"])
def test_fault_of_the_server_itself_is_a_passing_trouble(code: str) -> None:
    with pytest.raises(Unavailable, match="said"):
        delivered(answering(fault(code, "said"), status=500))


@pytest.mark.parametrize("media", ["text/html", "text/xml"])
def test_page_is_no_success(media: str) -> None:
    with pytest.raises(Ambiguous, match="200, but it is an HTML page"):
        delivered(answering(PAGE, media=media))


UNREADABLE = {
    "nothing": (b"", "the answer is empty"),
    "a line end": (b" \n", "the answer is empty"),
    "half of it": (TRUE[: len(TRUE) // 2], "cut off"),
    "all but one byte": (TRUE[:-1], "cut off"),
    "plain text": (b"true", "no XML"),
    "JSON": (b'{"msg": true}', "no XML"),
    "other XML": (b"<a/>", "no SOAP envelope"),
    "no result": (enveloped(""), "no SOAP envelope with one result"),
    "two results": (enveloped("<a/><b/>"), "no SOAP envelope with one result"),
    "one part too many": (
        result("<n:msg>true</n:msg><n:msg>false</n:msg>"),
        "does not fit the WSDL",
    ),
    "a stranger": (enveloped("<a/>"), "another call"),
    "a neighbour": (
        result("<n:msg>true</n:msg>", operation="campaign_addMember"),
        "another call",
    ),
    "no message": (result(""), "lacks msg"),
    "odd code": (result("<n:msg>true</n:msg>", code="ok"), "code cannot be read"),
    "empty message": (result("<n:msg/>"), "neither true nor false"),
    "odd message": (result("<n:msg>perhaps</n:msg>"), "neither true nor false"),
    "entity bomb": (with_doctype(BOMB), "document type"),
    "external entity": (with_doctype(OUTSIDE), "document type"),
    "external document type": (with_doctype(LINKED), "document type"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_answer_that_cannot_be_read_leaves_doubt(case: str) -> None:
    body, told = UNREADABLE[case]

    with pytest.raises(Ambiguous, match=told):
        delivered(answering(body))


def test_deep_nesting_leaves_doubt_and_no_scars() -> None:
    body = enveloped("<a>" * 10_000 + "</a>" * 10_000)

    with pytest.raises(Ambiguous, match="cut off, or no XML"):
        delivered(answering(body))


def test_answer_over_the_limit_leaves_doubt() -> None:
    body = result(f"<n:msg>true{' ' * 17_000_000}</n:msg>")

    with pytest.raises(Ambiguous, match="larger than 16 MiB"):
        delivered(answering(body))


def test_code_other_than_zero_is_a_no_with_the_platforms_words() -> None:
    outcome = delivered(answering(result("<n:msg>brand is closed</n:msg>", code="17")))

    assert outcome == Rejected("17", "brand is closed")


def test_false_says_that_nothing_was_started() -> None:
    outcome = delivered(answering(result("<n:msg>false</n:msg>")))

    assert outcome == Rejected("Other error", "the platform answered that it did nothing")


def test_other_namespace_stops_the_connection_instead_of_sending_again() -> None:
    login = result("<n:msg>true</n:msg>", namespace="https://login.myclang.com/soap")

    with pytest.raises(EndpointRefused, match="set `portal`"):
        delivered(answering(login))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, EndpointRefused),
        (307, EndpointRefused),
        (400, MalformedRequest),
        (401, InvalidCredentials),
        (403, InvalidCredentials),
        (404, EndpointRefused),
        (405, EndpointRefused),
        (408, Ambiguous),
        (413, MalformedRequest),
        (429, Throttled),
        (500, Unavailable),
        (502, Ambiguous),
        (503, Unavailable),
        (504, Ambiguous),
    ],
)
@pytest.mark.parametrize("body", [b"", PAGE], ids=["empty", "page"])
def test_status_speaks_where_there_is_no_fault(
    status: int, error: type[DeliveryError], body: bytes
) -> None:
    with pytest.raises(error):
        delivered(answering(body, status=status, media="text/html"))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_fault_buries_nothing_where_the_status_says_later(status: int) -> None:
    with pytest.raises(DeliveryError) as caught:
        delivered(answering(fault("100", "too busy"), status=status))

    assert not isinstance(caught.value, MalformedRequest)


def test_redirect_names_the_setting_and_repeats_no_address() -> None:
    headers = {"Location": f"https://elsewhere.example.org/?t={TOKEN}"}

    with pytest.raises(EndpointRefused) as caught:
        delivered(answering(b"", status=301, headers=headers))

    assert "elsewhere.example.org" in caught.value.reason
    assert "`soap_url`" in caught.value.reason
    assert TOKEN not in caught.value.reason


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (httpx.ConnectError("refused"), Timeout),
        (httpx.ConnectTimeout("slow"), Timeout),
        (httpx.ReadTimeout("slow"), Ambiguous),
        (httpx.WriteTimeout("slow"), Ambiguous),
        (httpx.RemoteProtocolError("hung up"), Ambiguous),
    ],
)
def test_only_a_call_that_was_surely_not_sent_is_without_doubt(
    trouble: httpx.TransportError, error: type[DeliveryError]
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise trouble

    with pytest.raises(error) as caught:
        delivered(httpx.MockTransport(fail))

    assert caught.value.code == ("Timeout" if "hung" not in str(trouble) else "Other error")


def test_change_that_no_call_can_carry_is_refused_without_one() -> None:
    with runs(answering(TRUE)) as sink:
        report = sink.deliver([message(1, {"status": "gold"})])
        mixed = sink.deliver([message(2), message(1, {"status": "gold"})])

    refusal = report.outcomes[message(1).id]
    assert isinstance(refusal, Rejected)
    assert refusal.reason.startswith("not sent: the platform field 'status'")
    assert (report.sent, mixed.sent) == (False, True)
