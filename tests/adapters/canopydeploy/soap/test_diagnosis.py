"""A look at a connection: what each step finds, and that it writes nothing."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.diagnosis.connection import open_diagnosis
from petiole.adapters.canopydeploy.diagnosis.reachability import reached
from petiole.adapters.canopydeploy.transport import shared_tls
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.identity import IdentifierType
from petiole.core.ports.diagnosis import Aspect, Diagnosis, Finding, Health
from petiole.hooks import AdapterContext
from petiole.plugins.canopydeploy.sandbox import Sandbox
from petiole.plugins.canopydeploy.sandbox.soap.wsdl import write_wsdl
from tests.adapters.canopydeploy.made import ENDPOINT, TOKEN_VARIABLE
from tests.adapters.canopydeploy.made import settings as batch_settings
from tests.adapters.canopydeploy.rawserver import listening
from tests.adapters.canopydeploy.soap.made import URL, fault, result, settings

OK, WARN, FAIL = Health.OK, Health.WARN, Health.FAIL
LIST = "campaign_getAllExecutable"
ONE = "<n:msg><n:Option><n:name>Spring</n:name><n:value>4711</n:value></n:Option></n:msg>"
Pair = tuple[Aspect, Health]


def look(
    made: AccountSettings,
    transport: httpx.BaseTransport | None = None,
    *,
    identifier: IdentifierType = IdentifierType.CUSTOMER_ID,
) -> list[Finding]:
    context = AdapterContext(connection=ConnectionName("any"), identifier=identifier, settings=made)
    with open_diagnosis(context, transport=transport) as diagnosis:
        assert isinstance(diagnosis, Diagnosis)
        return list(diagnosis.findings())


def pairs(findings: list[Finding]) -> list[Pair]:
    return [(finding.aspect, finding.health) for finding in findings]


def platform(
    *,
    webhook: httpx.Response | None = None,
    wsdl: httpx.Response | None = None,
    soap: bytes | None = None,
) -> httpx.MockTransport:
    """A platform that answers as it should, but for what is given."""

    def answer(request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(ENDPOINT):
            assert request.method == "GET"
            return webhook or httpx.Response(405, headers={"Allow": "POST"})
        if request.method == "GET":
            described = write_wsdl("1.24", portal="secure", location=URL)
            return wsdl or httpx.Response(200, content=described)
        assert LIST.encode() in request.content
        return httpx.Response(200, content=soap or result(ONE, operation=LIST))

    return httpx.MockTransport(answer)


def described(version: str, portal: str = "secure") -> httpx.Response:
    return httpx.Response(200, content=write_wsdl(version, portal=portal, location=URL))


def only(findings: list[Finding], aspect: Aspect) -> Finding:
    (finding,) = (finding for finding in findings if finding.aspect is aspect)
    return finding


def test_healthy_batch_connection_is_well_in_every_step(sandbox: Sandbox) -> None:
    found = look(batch_settings(endpoint=sandbox.rest, soap_url=sandbox.soap))

    assert pairs(found) == [
        (Aspect.NAME, OK),
        (Aspect.ENCRYPTION, OK),
        (Aspect.ADDRESS, OK),
        (Aspect.TOKEN, OK),
        (Aspect.INTERFACE, OK),
        (Aspect.TOKEN, OK),
        (Aspect.CAMPAIGNS, OK),
    ]
    assert not any(finding.remedy for finding in found)


@pytest.mark.parametrize("delivery", ["execute", "membership"])
def test_healthy_realtime_connection_is_well_in_every_step(sandbox: Sandbox, delivery: str) -> None:
    found = look(settings(soap_url=sandbox.soap, delivery=delivery))

    assert pairs(found) == [
        (Aspect.NAME, OK),
        (Aspect.ENCRYPTION, OK),
        (Aspect.INTERFACE, OK),
        (Aspect.TOKEN, OK),
        (Aspect.CAMPAIGNS, OK),
    ]


def test_looking_writes_nothing(sandbox: Sandbox) -> None:
    look(batch_settings(endpoint=sandbox.rest, soap_url=sandbox.soap))

    ledger = httpx.get(f"{sandbox.control}ledger", trust_env=False).json()
    calls = [(call["method"], call["operation"]) for call in ledger["calls"]]
    assert sorted(calls, key=str) == [("GET", None), ("GET", None), ("POST", LIST)]
    assert ledger["totals"]["records"] == 0
    assert ledger["totals"]["quota_used"] == 0


def never_asked(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"nothing may be asked, but {request.method} was")


def test_memberships_by_hash_are_a_trouble_with_the_settings() -> None:
    made, nobody = settings(delivery="membership"), httpx.MockTransport(never_asked)

    (found,) = look(made, nobody, identifier=IdentifierType.HASHED_EMAIL)

    assert (found.aspect, found.health, found.subject) == (Aspect.SETTINGS, FAIL, "any")
    assert 'goes with identifier = "customer-id" only' in found.told
    assert 'identifier = "customer-id"' in found.remedy


def test_runs_by_hash_are_well() -> None:
    found = look(settings(), platform(), identifier=IdentifierType.HASHED_EMAIL)

    assert all(finding.health is OK for finding in found)


@pytest.mark.parametrize("token", ["two words", "a\nb", "a\tb", "a\x7fb"])
@pytest.mark.parametrize("made", [settings(), batch_settings(soap_url=URL)], ids=["soap", "rest"])
def test_token_that_cannot_be_one_is_a_trouble_with_the_secret(
    made: AccountSettings, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)

    (found,) = look(made, httpx.MockTransport(never_asked))

    assert (found.aspect, found.health, found.subject) == (Aspect.SECRET, FAIL, "token")
    assert "characters that no token has" in found.told
    assert found.remedy == "store the token and nothing else"
    assert token not in found.told


def test_each_problem_has_a_remedy(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "another-token")

    found = look(batch_settings(endpoint=sandbox.rest, soap_url=sandbox.soap))

    assert pairs(found)[2:] == [
        (Aspect.ADDRESS, OK),
        (Aspect.TOKEN, WARN),
        (Aspect.INTERFACE, OK),
        (Aspect.TOKEN, FAIL),
    ]
    assert all(finding.remedy for finding in found if finding.health is not OK)
    assert "another-token" not in repr(found)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(404), [(Aspect.ADDRESS, FAIL)]),
        (httpx.Response(410), [(Aspect.ADDRESS, FAIL)]),
        (httpx.Response(503), [(Aspect.ADDRESS, FAIL)]),
        (httpx.Response(302, headers={"Location": "/elsewhere"}), [(Aspect.ADDRESS, FAIL)]),
        (httpx.Response(302, headers={"Location": "/login"}), [(Aspect.TOKEN, FAIL)]),
        (httpx.Response(401), [(Aspect.TOKEN, FAIL)]),
        (httpx.Response(403), [(Aspect.TOKEN, FAIL)]),
        (httpx.Response(200), [(Aspect.ADDRESS, WARN), (Aspect.TOKEN, OK)]),
    ],
    ids=lambda value: (
        f"{value.status_code}{value.headers.get('Location', '')}"
        if isinstance(value, httpx.Response)
        else ""
    ),
)
def test_webhook_is_judged_by_what_it_answers_to_get(
    answer: httpx.Response, expected: list[Pair]
) -> None:
    found = look(batch_settings(soap_url=URL), platform(webhook=answer))

    assert pairs(found)[: len(expected)] == expected
    assert pairs(found)[len(expected)] == (Aspect.INTERFACE, OK)


def test_passing_trouble_is_not_blamed_on_the_address() -> None:
    found = look(batch_settings(soap_url=URL), platform(webhook=httpx.Response(503)))

    assert found[0].remedy.startswith("try again")


def test_whether_a_webhook_takes_its_token_cannot_be_known_without_writing() -> None:
    refused = platform(soap=fault("202", "Invalid token"))

    found = look(batch_settings(soap_url=URL), refused)

    assert (found[1].aspect, found[1].health) == (Aspect.TOKEN, WARN)
    assert "only when a profile is delivered" in found[1].told
    assert found[-1].told == "the platform refused the token (202: Invalid token)"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(404), "nothing at this address"),
        (httpx.Response(503), "503"),
        (httpx.Response(200, content=b""), "the answer is empty"),
        (httpx.Response(200, content=b"<html><br></html>"), "it is an HTML page"),
        (httpx.Response(200, html="soon"), "it is an HTML page"),
        (httpx.Response(200, content=b"<definitions/>"), "no WSDL"),
        (httpx.Response(200, content=b"soon"), "no XML"),
        (httpx.Response(200, content=b"<!DOCTYPE x><x/>"), "document type"),
        (httpx.Response(405), "cannot be read"),
        (described("1.24", "login"), "namespace https://login"),
        (described("1.20"), f"missing: {LIST}"),
    ],
    ids=[
        "gone",
        "busy",
        "empty",
        "page",
        "page by its type",
        "other XML",
        "text",
        "doctype",
        "post only",
        "other portal",
        "older",
    ],
)
def test_interface_that_cannot_be_used_fails(answer: httpx.Response, told: str) -> None:
    finding = only(look(settings(), platform(wsdl=answer)), Aspect.INTERFACE)

    assert finding.health is FAIL
    assert told in finding.told
    assert finding.remedy


def rewritten(old: str, new: str) -> httpx.MockTransport:
    """A platform that describes itself otherwise."""
    wsdl = write_wsdl("1.24", portal="secure", location=URL)
    assert old.encode() in wsdl
    return platform(wsdl=httpx.Response(200, content=wsdl.replace(old.encode(), new.encode())))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('style="document"', 'style="rpc"', 'style "rpc": all operations'),
        ('use="literal"', 'use="encoded"', 'use "encoded": all operations'),
        ('="qualified"', '="unqualified"', 'elementFormDefault "unqualified": all operations'),
        ('soapAction=""', 'soapAction="urn:x"', 'action "urn:x": all operations'),
        (
            f'name="{LIST}"><soap:operation soapAction=""',
            f'name="{LIST}"><soap:operation soapAction="urn:y"',
            f'action "urn:y": {LIST}',
        ),
        (
            '<xsd:schema elementFormDefault="qualified" target',
            "<xsd:schema id",
            "changed: campaign_executeAsync",
        ),
    ],
    ids=["style", "use", "form", "action", "action of one", "namespace"],
)
def test_calls_that_would_travel_otherwise_fail(old: str, new: str, told: str) -> None:
    finding = only(look(settings(), rewritten(old, new)), Aspect.INTERFACE)

    assert finding.health is FAIL
    assert told in finding.told
    assert "as shipped" not in finding.told
    assert "newer petiole" in finding.remedy


def test_another_way_of_what_nobody_calls_is_a_warning() -> None:
    name = 'name="sms_update"><soap:operation '

    finding = only(look(settings(), rewritten(name, f'{name}style="rpc" ')), Aspect.INTERFACE)

    assert (finding.health, finding.told) == (WARN, 'style "rpc": sms_update')


def test_other_host_for_calls_is_a_warning() -> None:
    elsewhere = rewritten(f'location="{URL}"', 'location="https://other.example.org:81/x?y=secret"')

    finding = only(look(settings(), elsewhere), Aspect.INTERFACE)

    assert (finding.health, finding.told) == (WARN, "it sends calls to other.example.org:81")
    assert "`soap_url`" in finding.remedy


def test_added_operations_are_told_and_do_no_harm() -> None:
    wsdl = "</wsdl:portType>"

    finding = only(
        look(settings(), rewritten(wsdl, f'<wsdl:operation name="campaign_pause"/>{wsdl}')),
        Aspect.INTERFACE,
    )

    assert finding.health is OK
    assert finding.told.endswith("; but added: campaign_pause")
    assert "134 operations" in finding.told


def test_setting_that_decides_on_the_address_is_named() -> None:
    empty = platform(wsdl=httpx.Response(200))
    made = settings(soap_url=None)

    by_portal = only(look(made, empty), Aspect.INTERFACE)
    by_address = only(look(settings(), empty), Aspect.INTERFACE)

    assert "`portal`" in by_portal.remedy
    assert "soap_url" not in by_portal.remedy
    assert "`soap_url`" in by_address.remedy


def test_other_portal_is_named() -> None:
    found = look(settings(), platform(wsdl=described("1.24", "login")))

    assert only(found, Aspect.INTERFACE).remedy == 'set portal = "login"'


def test_operations_that_nobody_calls_are_named_and_do_no_harm() -> None:
    finding = only(look(settings(), platform(wsdl=described("1.23"))), Aspect.INTERFACE)

    assert finding.health is WARN
    assert "missing: filemanager_makeDir" in finding.told
    assert "customer_getById" in finding.told or "and 18 more" in finding.told
    assert "petiole calls none of these" in finding.remedy


@pytest.mark.parametrize(
    ("made", "health"),
    [
        (settings(delivery="membership"), FAIL),
        (settings(delivery="execute"), WARN),
        (batch_settings(soap_url=URL), WARN),
    ],
    ids=["membership", "execute", "batch"],
)
def test_only_what_the_connection_calls_matters(made: AccountSettings, health: Health) -> None:
    wsdl = write_wsdl("1.24", portal="secure", location=URL).replace(
        b"campaign_hasMember", b"campaign_hasCustomer"
    )

    finding = only(look(made, platform(wsdl=httpx.Response(200, content=wsdl))), Aspect.INTERFACE)

    assert finding.health is health
    assert "missing: campaign_hasMember" in finding.told


def test_account_without_campaigns_is_a_warning() -> None:
    found = look(settings(), platform(soap=result("<n:msg/>", operation=LIST)))

    assert pairs(found)[-2:] == [(Aspect.TOKEN, OK), (Aspect.CAMPAIGNS, WARN)]


def test_refused_list_says_nothing_about_the_token() -> None:
    found = look(settings(), platform(soap=fault("213", "Not found")))

    assert pairs(found)[-1] == (Aspect.CAMPAIGNS, FAIL)
    assert found[-1].told == "213: Not found"
    assert Aspect.TOKEN not in {finding.aspect for finding in found}


def test_missing_rights_are_a_trouble_with_the_token() -> None:
    found = look(settings(), platform(soap=fault("203", "No rights for this brand")))

    assert pairs(found)[-1] == (Aspect.TOKEN, FAIL)
    assert "203: No rights for this brand" in found[-1].told
    assert "needs the rights for the brand" in found[-1].remedy


def test_name_without_an_address_ends_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    found = look(batch_settings(soap_url="https://webhook.example.org/soap"))

    assert pairs(found) == [(Aspect.NAME, FAIL)]
    assert "Name or service not known" in found[0].told
    assert "`endpoint`" in found[0].remedy


def test_nobody_listening_ends_the_look_at_that_host(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    made = batch_settings(endpoint=f"http://127.0.0.1:{port}/hook", soap_url=sandbox.soap)

    found = look(made)

    assert pairs(found)[:2] == [(Aspect.NAME, OK), (Aspect.ENCRYPTION, FAIL)]
    assert "no connection: Connection refused" in found[1].told
    assert pairs(found)[-1] == (Aspect.CAMPAIGNS, OK)
    assert Aspect.ADDRESS not in {finding.aspect for finding in found}


Certify = Callable[[int], tuple[Path, ssl.SSLContext]]


@pytest.fixture
def certify(tmp_path: Path) -> Certify:
    """Make a certificate for 127.0.0.1 that lasts so many days, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificate with openssl, which is not here")

    def make(days: int) -> tuple[Path, ssl.SSLContext]:
        key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
        options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x"
        names = ("-addext", "subjectAltName=IP:127.0.0.1", "-days", str(days))
        files = ("-keyout", key, "-out", certificate)
        subprocess.run([openssl, *options.split(), *names, *files], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return certificate, context

    return make


def encryption(context: ssl.SSLContext) -> Finding:
    with listening(lambda connection: connection.close(), tls=context) as address:
        *_, found = reached(address, setting="endpoint", timeout_seconds=10)
    assert found.aspect is Aspect.ENCRYPTION
    return found


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    def trust(certificate: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        shared_tls.cache_clear()

    yield trust
    shared_tls.cache_clear()


@pytest.mark.parametrize(("days", "health"), [(90, OK), (5, WARN)])
def test_certificate_is_looked_at(
    certify: Certify, trusting: Callable[[Path], None], days: int, health: Health
) -> None:
    certificate, context = certify(days)
    trusting(certificate)

    found = encryption(context)

    assert found.health is health
    assert "certificate valid until" in found.told


def greet(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def hang_up(connection: socket.socket) -> None:
    connection.recv(1000)


def wait(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


@pytest.mark.parametrize(
    ("script", "told"),
    [(greet, "speaks no TLS"), (hang_up, "no encrypted connection"), (wait, "answers no TLS")],
)
def test_port_without_encryption_is_told(
    script: Callable[[socket.socket], None], told: str
) -> None:
    with listening(script) as address:
        url = address.replace("http:", "https:")
        named, found = reached(url, setting="endpoint", timeout_seconds=0.2)

    assert named.health is OK
    assert (found.aspect, found.health) == (Aspect.ENCRYPTION, FAIL)
    assert told in found.told
    assert "`endpoint`" in found.remedy


def test_soap_is_looked_at_although_the_webhooks_encryption_fails(sandbox: Sandbox) -> None:
    endpoint = sandbox.rest.replace("http:", "https:")

    found = look(batch_settings(endpoint=endpoint, soap_url=sandbox.soap))

    assert pairs(found) == [
        (Aspect.NAME, OK),
        (Aspect.ENCRYPTION, FAIL),
        (Aspect.NAME, OK),
        (Aspect.ENCRYPTION, OK),
        (Aspect.INTERFACE, OK),
        (Aspect.TOKEN, OK),
        (Aspect.CAMPAIGNS, OK),
    ]


def test_name_of_a_portal_without_an_address_names_the_portal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    (found,) = look(settings(soap_url=None))

    assert "`portal`" in found.remedy


def test_certificate_that_nobody_signed_fails(certify: Certify) -> None:
    _, context = certify(90)

    found = encryption(context)

    assert found.health is FAIL
    assert "self-signed" in found.told
    assert "SSL_CERT_FILE" in found.remedy


def test_steps_are_told_one_by_one() -> None:
    asked: list[Mapping[str, str]] = []
    inner = platform()

    def note(request: httpx.Request) -> httpx.Response:
        asked.append({"url": str(request.url)})
        return inner.handle_request(request)

    context = AdapterContext(
        connection=ConnectionName("any"),
        identifier=IdentifierType.CUSTOMER_ID,
        settings=batch_settings(soap_url=URL),
    )
    with open_diagnosis(context, transport=httpx.MockTransport(note)) as diagnosis:
        findings = diagnosis.findings()
        first = next(findings)

        assert first.aspect is Aspect.ADDRESS
        assert len(asked) == 1
