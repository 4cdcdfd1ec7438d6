"""The list of campaigns. It comes over SOAP, whatever the lane of a connection (documented)."""

import operator
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

import httpx
import stamina

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.soap.client import SoapClient, open_client
from petiole.adapters.canopydeploy.soap.faults import Refused
from petiole.core.domain.campaign import Campaign
from petiole.core.domain.change import SegmentId
from petiole.core.errors import Ambiguous, MalformedRequest, Throttled, Transient
from petiole.hooks import AdapterContext

ATTEMPTS = 3
LONGEST_WAIT = timedelta(seconds=5)
"""Somebody waits for the list; a platform that asks for more patience is told of instead."""


class SoapCampaigns:
    """Satisfies `CampaignSource`. Asks again after passing troubles: reading changes nothing."""

    def __init__(self, client: SoapClient) -> None:
        self._client = client

    def campaigns(self) -> Sequence[Campaign]:
        """List the campaigns that can be started by API, sorted by name.

        Raises:
            MalformedRequest: the platform does not answer this question; carries its words.
            DeliveryError: the others as the port tells.
        """
        for attempt in stamina.retry_context(
            on=_worth_another_try, attempts=ATTEMPTS, wait_max=LONGEST_WAIT
        ):
            with attempt:
                return self.ask()
        raise AssertionError("stamina ends with an answer or an error")

    def ask(self) -> Sequence[Campaign]:
        """Ask once; otherwise like `campaigns`."""
        try:
            listed = self._client.call("campaign_getAllExecutable")
        except Refused as refusal:
            raise MalformedRequest(refusal.reason, code=refusal.code) from refusal
        found = [_campaign(option) for option in _options(listed)]
        return sorted(
            (campaign for campaign in found if campaign.id),
            key=operator.attrgetter("name", "id"),
        )


@contextmanager
def open_campaigns(
    context: AdapterContext[AccountSettings], *, transport: httpx.BaseTransport | None = None
) -> Iterator[SoapCampaigns]:
    """Open the source of one connection; `transport` is the wire seam, see `open_client`.

    Raises:
        MissingSecret: the token is not where the settings say.
    """
    with open_client(context.settings, transport=transport) as client:
        yield SoapCampaigns(client)


def _worth_another_try(error: Exception) -> bool | timedelta:
    if isinstance(error, Throttled) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_WAIT else False
    return isinstance(error, Transient | Ambiguous)


def _options(listed: object) -> Sequence[Mapping[str, object]]:
    """Take the options out of what zeep made of the list; an empty one is `None`."""
    options = getattr(listed, "Option", None) or ()
    return [{name: getattr(option, name, None) for name in ("name", "value")} for option in options]


def _campaign(option: Mapping[str, object]) -> Campaign:
    """Tell id and name apart: whichever is all digits is the id, in doubt the value (assumed)."""
    name, value = (str(option[key] or "").strip() for key in ("name", "value"))
    if _digits(name) and not _digits(value):
        name, value = value, name
    return Campaign(id=SegmentId(value), name=name)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
