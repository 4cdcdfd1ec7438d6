"""Messages, settings and sinks for the tests: made-up people on a made-up connection."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from petiole.adapters.canopydeploy.rest import WebhookSink, open_webhook_sink
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.core.domain.change import (
    AccountName,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.hooks import AdapterContext

TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
TOKEN_VARIABLE = "TEST_WEBHOOK_TOKEN"
ENDPOINT = "https://webhook.example.org/data-receiver/spring"
MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
SCOPE = Scope(
    account=AccountName("shop"),
    connection=ConnectionName("newsletter"),
    segment=SegmentId("4711"),
)


def hashed(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def message(
    number: int,
    fields: Mapping[str, JsonValue] | None = None,
    *,
    kind: ChangeKind = ChangeKind.ADD,
    identifier: Identifier | None = None,
) -> Message:
    """Message `number` about customer 11000 + `number`, unless another identifier is given."""
    change = ProfileChange(
        scope=SCOPE,
        identifier=identifier or Identifier.customer_id(str(11_000 + number)),
        kind=kind,
        occurred_at=MOMENT,
        fields=Fields.of(fields or {}),
    )
    return Message(MessageId(number), change, 1, MOMENT)


def messages(count: int) -> list[Message]:
    return [message(number, {"city": "Köln", "tier": number}) for number in range(1, count + 1)]


def settings(**changes: object) -> CanopyDeployBatchSettings:
    given = {"endpoint": ENDPOINT, "token": {"env": TOKEN_VARIABLE}, **changes}
    return CanopyDeployBatchSettings.model_validate(given)


@contextmanager
def sink(
    transport: httpx.BaseTransport | None = None,
    *,
    identifier: IdentifierType = IdentifierType.CUSTOMER_ID,
    now: datetime = MOMENT,
    **changes: object,
) -> Iterator[WebhookSink]:
    """A sink whose settings differ from the usual ones by `changes`."""
    context = AdapterContext(
        connection=ConnectionName("newsletter"),
        identifier=identifier,
        settings=settings(**changes),
    )
    with open_webhook_sink(context, transport=transport, now=lambda: now) as opened:
        yield opened
