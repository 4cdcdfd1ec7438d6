"""Receivers, sources and calls for the tests: made-up people on a made-up connection."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.engagements.analytics import AnalyticsSource, open_analytics
from petiole.adapters.canopydeploy.engagements.mailings import MailingSource, open_mailings
from petiole.adapters.canopydeploy.engagements.receiver import StoreAppReceiver, open_receiver
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.identity import IdentifierType
from petiole.core.ports.engagement_receiver import InboundCall
from petiole.hooks import AdapterContext
from tests.adapters.canopydeploy.made import TOKEN_VARIABLE, hashed

SITE = 1404
USERNAME = "app"
PASSWORD = "s3cret:word/é"
PASSWORD_VARIABLE = "TEST_PUSH_PASSWORD"
CLIENT_ID = "client-1"
CLIENT_SECRET = "c+lient/s3cret"
CLIENT_VARIABLE = "TEST_CLIENT_SECRET"
TOKEN_URL = "https://auth.example.org/oauth2/token"
EVENTS_URL = "https://api.example.org/analytics-events/events"
MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
NOW = MOMENT + timedelta(hours=6)
SANNE = hashed("sanne.devries@example.org")
HASHED, CUSTOMER = IdentifierType.HASHED_EMAIL, IdentifierType.CUSTOMER_ID
PUSH: Mapping[str, object] = {
    "site": SITE,
    "username": USERNAME,
    "password": {"env": PASSWORD_VARIABLE},
}
ANALYTICS: Mapping[str, object] = {
    "client_id": CLIENT_ID,
    "client_secret": {"env": CLIENT_VARIABLE},
    "token_url": TOKEN_URL,
    "events_url": EVENTS_URL,
}


def context(identifier: IdentifierType, **tables: object) -> AdapterContext[AccountSettings]:
    given = {"token": {"env": TOKEN_VARIABLE}, **tables}
    return AdapterContext(
        connection=ConnectionName("newsletter"),
        identifier=identifier,
        settings=AccountSettings.model_validate(given),
    )


@contextmanager
def receiver(identifier: IdentifierType = HASHED, **changes: object) -> Iterator[StoreAppReceiver]:
    with open_receiver(context(identifier, push={**PUSH, **changes})) as opened:
        yield opened


@contextmanager
def mailings(
    transport: httpx.BaseTransport | None = None,
    *,
    identifier: IdentifierType = CUSTOMER,
    now: datetime = NOW,
    sleep: Callable[[float], None] = lambda _: None,
    soap_url: str = "https://soap.example.org/index.php",
    timeout: str = "60s",
    **changes: object,
) -> Iterator[MailingSource]:
    made = context(identifier, soap_url=soap_url, timeout=timeout, mailings=changes)
    with open_mailings(made, transport=transport, now=lambda: now, sleep=sleep) as opened:
        yield opened


@contextmanager
def analytics(
    transport: httpx.BaseTransport | None = None,
    *,
    identifier: IdentifierType = CUSTOMER,
    now: datetime = NOW,
    **changes: object,
) -> Iterator[AnalyticsSource]:
    made = context(identifier, analytics={**ANALYTICS, **changes})
    with open_analytics(made, transport=transport, now=lambda: now) as opened:
        yield opened


def basic(username: str = USERNAME, password: str = PASSWORD) -> dict[str, str]:
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def interaction(**changes: object) -> dict[str, object]:
    """A click as the store app tells it; a change to `...` leaves a key out."""
    whole = {
        "interactionType": "engagement",
        "timestamp": 1772439641000,
        "siteNumber": SITE,
        "eventId": "5b0d7a52-6f0e-4c55-8a34-1f8f5b1f7a10",
        "type": "Email Click",
        "content": None,
        "variables": variables(),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def variables(**changes: object) -> dict[str, object]:
    return {
        "campaignId": "4711",
        "brandId": "20",
        "mailingType": "CAMPAIGN",
        "contentName": "Spring rebooking mail",
        "linkHref": "https://www.example.org/lisbon",
        "linkDescription": "Hero button",
        **changes,
    }


def call(
    *interactions: object,
    body: bytes | None = None,
    partner: int = 1012,
    partner_id: str = SANNE,
    site: int = SITE,
) -> InboundCall:
    written = json.dumps({"interactions": interactions}).encode()
    return InboundCall(
        method="POST",
        path=f"/v1/site-{site}/profiles/{partner}/interactions",
        query={"partnerId": partner_id},
        headers=basic(),
        body=written if body is None else body,
        received_at=NOW,
    )
