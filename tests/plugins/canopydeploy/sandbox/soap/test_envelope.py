from dataclasses import replace

import pytest
from lxml import etree

from petiole.plugins.canopydeploy.sandbox.exchange import Request
from tests.plugins.canopydeploy.sandbox.soap.caller import ENVELOPE, NAMESPACE, PATH, Caller, Reply

CALL = f'<campaign_getAllExecutable xmlns="{NAMESPACE}"><uuid>%s</uuid></campaign_getAllExecutable>'


def envelope(content: str, *, before: str = "", soap: str = ENVELOPE) -> bytes:
    return (
        f'<?xml version="1.0"?>{before}<e:Envelope xmlns:e="{soap}"><e:Header/>'
        f"<e:Body>{content}</e:Body></e:Envelope>"
    ).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Malformed XML"),
        (b"<oops", "Malformed XML"),
        (b"\xff\xfe\x00", "Malformed XML"),
        (b'{"uuid": "x"}', "Malformed XML"),
        (b"<html/>", "Not a SOAP 1.1 envelope"),
        (envelope(CALL, soap="http://www.w3.org/2003/05/soap-envelope"), "Not a SOAP 1.1 envelope"),
        (envelope(""), "The body must hold exactly one call"),
        (envelope("<a/><b/>"), "The body must hold exactly one call"),
        (f'<e:Envelope xmlns:e="{ENVELOPE}"/>'.encode(), "The body must hold exactly one call"),
    ],
    ids=["empty", "cut", "binary", "json", "html", "soap 1.2", "no call", "two calls", "no body"],
)
def test_body_that_is_no_call_faults(caller: Caller, body: bytes, reason: str) -> None:
    reply = caller.post(body)

    assert (reply.fault, reply.reason) == ("101", reason)


def test_entity_is_never_expanded(caller: Caller) -> None:
    secret = '<!DOCTYPE x [<!ENTITY who SYSTEM "file:///etc/hostname">]>'

    reply = caller.post(envelope(CALL % "&who;", before=secret))

    assert (reply.fault, reply.reason) == ("101", "A document type declaration is not allowed")


def test_billion_laughs_end_in_a_fault(caller: Caller) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))

    reply = caller.post(envelope(CALL % "&l9;", before=f"<!DOCTYPE x [{laughs}]>"))

    assert reply.fault == "101"


def test_bottomless_nesting_ends_in_a_fault(caller: Caller) -> None:
    assert caller.post(envelope("<a>" * 5000 + "</a>" * 5000)).fault == "101"


def test_oversized_request_is_refused(caller: Caller) -> None:
    caller.api.settings = replace(caller.api.settings, size_limit_bytes=100)

    reply = caller.post(envelope(CALL % caller.token))

    assert (reply.answer.status, reply.fault) == (413, "101")


def test_fault_has_a_bare_number_and_status_500(caller: Caller) -> None:
    reply = caller.call("customer_getById", customerId=1)

    assert reply.answer.status == 500
    assert b"<faultcode>213</faultcode>" in reply.answer.body
    assert reply.answer.headers["Content-Type"] == "text/xml; charset=utf-8"


def test_fault_has_status_200_on_demand(caller: Caller) -> None:
    caller.api.settings = replace(caller.api.settings, fault_status=200)

    reply = caller.call("customer_getById", customerId=1)

    assert (reply.answer.status, reply.fault) == (200, "213")


@pytest.mark.parametrize(
    "namespace", ["https://login.myclang.com/app/api/soap/public/index.php", "urn:x"]
)
def test_answer_is_in_the_namespace_of_the_request(namespace: str) -> None:
    caller = Caller(namespace=namespace)

    reply = caller.call("campaign_getAllExecutable")

    assert etree.QName(reply.body) == etree.QName(namespace, "campaign_getAllExecutableResponse")
    assert "4711" in reply.texts("Option/value")


def test_call_without_a_namespace_is_answered_without_one(caller: Caller) -> None:
    bare = CALL.replace(f' xmlns="{NAMESPACE}"', "") % caller.token

    answer = caller.post(envelope(bare)).answer

    reply = Reply(answer=answer, namespace="")
    assert reply.body.tag == "campaign_getAllExecutableResponse"
    assert reply.body.findtext("code") == "0"


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_unknown_token_faults(caller: Caller, token: str) -> None:
    reply = caller.send("campaign_getAllExecutable", {"uuid": token})

    assert (reply.fault, reply.reason) == ("202", "Invalid token")


def test_missing_token_faults_before_anything_is_done(caller: Caller) -> None:
    reply = caller.send("customer_insert", {"customer": {"firstname": "Sanne"}})

    assert reply.fault == "202"
    assert len(caller.crm.customers) == 0


def test_unknown_method_faults(caller: Caller) -> None:
    reply = caller.call("customer_vanish")

    assert (reply.fault, reply.reason) == (
        "101",
        "Unknown method [customer_vanish] in version 1.24",
    )


def test_method_of_a_later_version_is_unknown() -> None:
    caller = Caller(version="1.18")

    assert caller.call("campaign_getAllExecutable").fault == "101"


def test_unknown_version_faults() -> None:
    caller = Caller(version="9.9")

    assert "choose 1.18" in caller.call("campaign_getAllExecutable").reason


def test_no_version_is_the_newest(caller: Caller) -> None:
    body = envelope(CALL % caller.token)

    answer = caller.api.answer(Request(method="POST", path=PATH, body=body))

    assert answer.status == 200


def test_operation_is_noted_for_the_ledger_even_in_a_fault(caller: Caller) -> None:
    assert caller.call("customer_getAll").answer.note.operation == "customer_getAll"
    assert caller.call("customer_getById").answer.note.operation == "customer_getById"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(caller: Caller, method: str) -> None:
    answer = caller.api.answer(Request(method=method, path=PATH))

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_plain_get_tells_what_to_do(caller: Caller) -> None:
    answer = caller.get()

    assert answer.status == 400
    assert b"?wsdl" in answer.body


def test_nothing_is_sent_of_a_field_that_the_version_does_not_have() -> None:
    assert not Caller(version="1.23").call("customer_create").texts("complaintCount")
    assert Caller(version="1.24").call("customer_create").texts("complaintCount") == [""]


def test_missing_number_is_nil_where_the_version_allows_it() -> None:
    assert not Caller(version="1.18").call("customer_create").texts("id")
    assert b'id xsi:nil="true"' in Caller(version="1.20").call("customer_create").answer.body
