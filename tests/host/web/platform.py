"""A made-up platform whose pushes are plain: a person in the path, an event in the body."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

from dependency_injector import providers
from pydantic import BaseModel, ConfigDict

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.engagement import (
    Engagement,
    EngagementId,
    EngagementKind,
    EngagementSelection,
    Origin,
    RefusedEngagement,
    StoredEngagement,
)
from petiole.core.domain.identity import Identifier
from petiole.core.ports.engagement_receiver import (
    EngagementReceiver,
    InboundAnswer,
    InboundCall,
    InboundRoute,
    Received,
)
from petiole.hooks import AdapterContext, AdapterSpec, AnyAdapterSpec, Manifest, hookimpl
from petiole.host.container import Container
from petiole.host.discovery import Plugins
from petiole.host.observers import Fanout
from petiole.host.settings import Settings
from petiole.host.web.server import WebServer
from petiole.host.web.serving import Pulse, serving

NAME = ConnectionName("mine")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KEY = "let-me-in"
MANIFEST = """
id = "acme"
title = "A made-up platform"
host_api = 1
[[adapters]]
id = "acme.receiver"
port = "EngagementReceiver"
"""


class AcmeSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    push: str = KEY


@dataclass(frozen=True, slots=True)
class AcmeReceiver:
    """Takes calls that know the key."""

    connection: ConnectionName
    key: str

    def routes(self) -> Sequence[InboundRoute]:
        return [InboundRoute(method="POST", path="/push-{site}/people/{person}")]

    def admits(self, headers: Mapping[str, str]) -> InboundAnswer | None:
        known = headers.get("authorization") == self.key
        return None if known else InboundAnswer(status=401, body=b"{}")

    def receive(self, call: InboundCall) -> Received:
        try:
            told = json.loads(call.body)
            engagement = self._engagement(call, told["event"], told["kind"])
        except (ValueError, KeyError, TypeError, RecursionError):
            refused = RefusedEngagement(
                connection=self.connection,
                origin=Origin("push"),
                received_at=call.received_at,
                reason="no event",
                content=call.body.decode(errors="replace")[:100],
            )
            return Received(answer=InboundAnswer(status=400, body=b"{}"), refused=[refused])
        return Received(answer=InboundAnswer(status=200, body=b"{}"), engagements=[engagement])

    def _engagement(self, call: InboundCall, event: str, kind: str) -> Engagement:
        return Engagement(
            connection=self.connection,
            origin=Origin("push"),
            identifier=Identifier.customer_id(call.path.rpartition("/")[2]),
            kind=EngagementKind(kind),
            occurred_at=START,
            event=event,
        )


class AcmePlugin:
    @hookimpl
    def petiole_provide_adapters(self) -> Sequence[AnyAdapterSpec]:
        @contextmanager
        def opened(context: AdapterContext[AcmeSettings]) -> Iterator[AcmeReceiver]:
            yield AcmeReceiver(context.connection, context.settings.push)

        return [
            AdapterSpec(
                id="acme.receiver", port=EngagementReceiver, settings=AcmeSettings, open=opened
            )
        ]


@dataclass(frozen=True, slots=True)
class Served:
    """A server under test, and what is known of it from outside."""

    server: WebServer
    container: Container
    told: list[StoredEngagement] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.port

    def call(
        self,
        path: str = "/push-1/people/c-1",
        body: bytes = b"",
        *,
        method: str = "POST",
        key: str = KEY,
    ) -> tuple[int, bytes]:
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request(method, path, body, {"Authorization": key})
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def push(self, event: str, *, person: str = "c-1", kind: str = "open") -> int:
        body = json.dumps({"event": event, "kind": kind}).encode()
        return self.call(f"/push-1/people/{person}", body)[0]

    def stored(self) -> Sequence[StoredEngagement]:
        with self.container.another_store() as store:
            return store.engagements.read(EngagementSelection(), after=None, limit=1_000_000)

    def refused(self) -> Sequence[RefusedEngagement]:
        with self.container.another_store() as store:
            return store.engagement_books.refused(limit=1_000)


def contained(folder: Path, stack: ExitStack, **web: object) -> Container:
    """Wire a container for the made-up platform; its store is real."""
    settings = Settings.model_validate(
        {
            "web": {"port": 0, **web},
            "connections": {NAME: {"plugin": "acme", "identifier": "customer-id", "push": KEY}},
            "directory": folder,
        }
    )
    plugins = Plugins([])
    plugins.register(Manifest.read(MANIFEST, origin="a test"), AcmePlugin())
    container = Container(settings=settings, stack=stack, names=[NAME], observer=Fanout())
    container.plugins.override(providers.Object(plugins))
    return container


@contextmanager
def served(folder: Path, **web: object) -> Iterator[Served]:
    """Serve the made-up platform's receiver on a port of its own."""
    told: list[StoredEngagement] = []
    with ExitStack() as stack:
        container = contained(folder, stack, **web)
        with serving(container, pulse=Pulse(), stored=told.extend) as server:
            yield Served(server, container, told)


def ids(stored: Sequence[StoredEngagement]) -> Sequence[EngagementId]:
    return [one.id for one in stored]
