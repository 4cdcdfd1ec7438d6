"""The shipped description: loaded offline, once, and never anything else."""

import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
import zeep.exceptions
from zeep.wsdl import Document

from petiole.adapters.canopydeploy.soap import interface as module
from petiole.adapters.canopydeploy.soap.description import compared, described
from petiole.adapters.canopydeploy.soap.interface import interface, parse, shipped_wsdl
from petiole.core.errors import ConfigurationError
from tests.adapters.canopydeploy.soap.made import listing, members, runs
from tests.repository import ROOT

PROTOCOL = ROOT.parent / "shared" / "protocol"
Portal = Literal["secure", "login"]


@pytest.fixture
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be looked up or connected to")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("_no_sockets")
def test_clients_are_built_without_a_network() -> None:
    module._parsed.cache_clear()

    with runs() as sink, members() as other, listing() as source:
        assert sink is not None
        assert other is not None
        assert source is not None


@pytest.mark.parametrize("portal", ["secure", "login"])
def test_all_operations_stand_in_the_namespace_of_the_portal(portal: Portal) -> None:
    found = interface(portal)

    assert found.namespace.startswith(f"https://{portal}.myclang.com/")
    assert len(found.binding._operations) == 133


@pytest.fixture
def _loud() -> Iterator[None]:
    """Logs let everything through, and the library's are as they came."""
    levels = {logging.getLogger(name): 0 for name in ("zeep.xsd", "zeep.wsdl")}
    root = logging.getLogger()
    before = {logger: logger.level for logger in (root, *levels)}
    for logger, level in {root: logging.DEBUG, **levels}.items():
        logger.setLevel(level)
    yield
    for logger, level in before.items():
        logger.setLevel(level)


@pytest.mark.usefixtures("_loud")
def test_debug_logs_are_spared_the_description(caplog: pytest.LogCaptureFixture) -> None:
    parse(shipped_wsdl())

    assert [record for record in caplog.records if record.name.startswith("zeep.")] == []


@pytest.mark.usefixtures("_loud")
def test_level_that_somebody_set_stays(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("zeep.xsd").setLevel(logging.DEBUG)

    parse(shipped_wsdl())

    assert any(record.name.startswith("zeep.xsd") for record in caplog.records)


def test_threads_that_come_together_pay_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paid = []
    all_there = threading.Barrier(4)

    def counted(wsdl: bytes) -> Document:
        paid.append(len(wsdl))
        return parse(wsdl)

    def ask(_: int) -> object:
        all_there.wait()
        return interface("secure")

    module._parsed.cache_clear()
    monkeypatch.setattr(module, "parse", counted)
    with ThreadPoolExecutor(4) as pool:
        found = set(map(id, pool.map(ask, range(4))))

    assert len(paid) == 1
    assert len(found) == 1


@pytest.mark.usefixtures("_no_sockets")
@pytest.mark.parametrize(
    "reference",
    [
        '<xsd:import namespace="urn:x" schemaLocation="http://127.0.0.1:9/x.xsd"/>',
        '<xsd:include schemaLocation="http://127.0.0.1:9/x.xsd"/>',
        '<xsd:import namespace="urn:x" schemaLocation="file:///etc/hostname"/>',
    ],
)
def test_references_to_other_documents_are_refused(reference: str) -> None:
    head = b'elementFormDefault="qualified" targetNamespace="'
    before, middle, after = shipped_wsdl().partition(head)
    namespace, quote, rest = after.partition(b'">')
    wsdl = before + middle + namespace + quote + reference.encode() + rest

    with pytest.raises(ConfigurationError, match="nothing is fetched"):
        parse(wsdl)


@pytest.mark.usefixtures("_no_sockets")
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE x>",
    ],
)
def test_document_types_are_refused(doctype: str) -> None:
    wsdl = shipped_wsdl().replace(b"?>", b"?>" + doctype.encode(), 1)

    with pytest.raises((zeep.exceptions.DTDForbidden, zeep.exceptions.EntitiesForbidden)):
        parse(wsdl)


def test_shipped_description_says_what_the_recorded_one_says() -> None:
    recorded = PROTOCOL / "clang-1.24.wsdl"
    if not recorded.is_file():
        pytest.skip("the recorded facts lie beside the repository, and are not here")

    difference = compared(described(recorded.read_bytes()), described(shipped_wsdl()))

    assert (difference.missing, difference.changed, difference.added) == ([], [], [])
