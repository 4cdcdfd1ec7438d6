"""Both deliveries and the list of campaigns keep the promises of their ports, over the wire."""

from collections.abc import Iterator, Mapping
from urllib.request import urlopen
from xml.sax.saxutils import escape

import httpx
import pytest
import stamina

from petiole.adapters.canopydeploy.campaigns import SoapCampaigns
from petiole.adapters.canopydeploy.soap.sink import MemberSink
from petiole.core.domain.change import SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier
from petiole.plugins.canopydeploy.sandbox import Sandbox
from petiole.testing.contracts.campaign_source import CampaignSourceContract
from petiole.testing.contracts.profile_sink import ProfileSinkContract, VerifyingSinkContract
from petiole.testing.stands import CampaignStand, SinkStand, Trouble
from tests.adapters.canopydeploy.made import TOKEN
from tests.adapters.canopydeploy.soap.made import (
    answering,
    customer,
    customer_request,
    listing,
    members,
    result,
    runs,
)
from tests.adapters.canopydeploy.stand import FAULTS, TIMEOUT, Door, TwinStand

LIST = "campaign_getAllExecutable"
SOAP_PATH = "/app/api/soap/"


class MemberStand(TwinStand):
    """The same for memberships: people must be customers, and are held without any fields."""

    def __init__(self, sink: MemberSink, door: Door, sandbox: Sandbox) -> None:
        super().__init__(sink, door, sandbox, path=SOAP_PATH, ceiling=1)
        self._customers: dict[int, Identifier] = {}

    def identifier(self, number: int) -> Identifier:
        if number not in self._customers:
            self._customers[number] = Identifier.customer_id(customer(self.sandbox))
        return self._customers[number]

    def held(self, segment: SegmentId) -> Mapping[Identifier, Mapping[str, JsonValue]]:
        members = self.ledger("members").get(segment, [])
        assert isinstance(members, list)
        return {Identifier.customer_id(str(member)): {} for member in members}

    def reject(self, identifier: Identifier) -> None:
        """Delete the customer: the platform rejects whom it does not know."""
        with urlopen(customer_request(self.sandbox, "DELETE", id_=identifier.value)):
            pass


class TestRunSink(ProfileSinkContract):
    @pytest.fixture
    def stand(self, sandbox: Sandbox, door: Door) -> Iterator[SinkStand]:
        with runs(door, soap_url=sandbox.soap, timeout=TIMEOUT) as sink:
            yield TwinStand(sink, door, sandbox, path=SOAP_PATH, ceiling=1)

    @pytest.fixture
    def secret(self) -> str:
        return TOKEN

    @pytest.fixture
    def values(self) -> Mapping[str, JsonValue]:
        """Options are texts; how other values are written is tested in test_options.py."""
        return {"nickname": ""}


class TestMemberSink(VerifyingSinkContract):
    @pytest.fixture
    def stand(self, sandbox: Sandbox, door: Door) -> Iterator[SinkStand]:
        with members(door, soap_url=sandbox.soap, timeout=TIMEOUT) as sink:
            yield MemberStand(sink, door, sandbox)

    @pytest.fixture
    def secret(self) -> str:
        return TOKEN

    def test_fields_arrive_as_they_were_sent(
        self, stand: SinkStand, values: Mapping[str, JsonValue]
    ) -> None:
        pytest.skip("a membership has no fields")

    def test_update_changes_what_it_names(self, stand: SinkStand) -> None:
        pytest.skip("a membership has no fields")


class Script(httpx.BaseTransport):
    """A platform that answers as it was told."""

    def __init__(self) -> None:
        self.answer: httpx.BaseTransport = answering(b"")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.answer.handle_request(request)


class ScriptedStand:
    """A source of campaigns, and the script behind it."""

    def __init__(self, source: SoapCampaigns, script: Script) -> None:
        self.source = source
        self._script = script

    def offer(self, campaigns: Mapping[SegmentId, str]) -> None:
        options = "".join(
            f"<n:Option><n:name>{escape(name)}</n:name><n:value>{id_}</n:value></n:Option>"
            for id_, name in campaigns.items()
        )
        self._script.answer = answering(result(f"<n:msg>{options}</n:msg>", operation=LIST))

    def meet(self, trouble: Trouble) -> None:
        if trouble is Trouble.UNREACHABLE:
            door = Door(self._script.answer)
            door.shut = True
            self._script.answer = door
            return
        fault = FAULTS[trouble]
        status, headers = fault["status"], fault.get("headers")
        assert isinstance(status, int)
        assert headers is None or isinstance(headers, dict)
        self._script.answer = answering(b"", status=status, headers=headers)


class TestSoapCampaigns(CampaignSourceContract):
    @pytest.fixture
    def secret(self) -> str:
        return TOKEN

    @pytest.fixture
    def stand(self) -> Iterator[CampaignStand]:
        script = Script()
        # Asking again would get past a trouble that one call meets.
        with stamina.set_testing(True, attempts=1), listing(script) as source:
            yield ScriptedStand(source, script)
