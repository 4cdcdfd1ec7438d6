"""The realtime lane: each change becomes one SOAP call.

One call carries one profile, and its error may leave in doubt whether it arrived. So that doubt
never spreads to other profiles, the manifest limits a delivery to one message. Where more are
handed in, they are sent in their order; after the first call that is not answered nothing more is
sent, and the rest is told to come again.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from petiole.adapters.canopydeploy.faults import OTHER
from petiole.adapters.canopydeploy.soap.client import SoapClient, open_client
from petiole.adapters.canopydeploy.soap.faults import CONFLICT, NOT_FOUND, Refused
from petiole.adapters.canopydeploy.soap.options import Options, campaign_id, customer_id
from petiole.adapters.canopydeploy.soap.settings import (
    CanopyDeployRealtimeSettings,
    identifier_trouble,
)
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Deferred, DeliveryReport, Outcome, Rejected
from petiole.core.errors import DeliveryError, InvalidSettings
from petiole.hooks import AdapterContext

_DID_NOTHING = Rejected(OTHER, "the platform answered that it did nothing")
_CUSTOMER = re.compile(r"\bcustomers?\b", re.IGNORECASE)
_CAMPAIGN = re.compile(r"\bcampaigns?\b", re.IGNORECASE)


class RunSink:
    """Starts the segment's campaign once for each change. Satisfies `ProfileSink`."""

    def __init__(self, client: SoapClient, options: Options) -> None:
        self._client = client
        self._options = options

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Start one run for each message, in their order; raises as the port tells."""
        return _one_by_one(messages, self._run)

    def _run(self, message: Message) -> Outcome:
        """Start a run. Assumed: true says that it was queued."""
        change = message.change
        queued = self._client.flag(
            "campaign_executeAsync",
            hide=(change.identifier.value,),
            campaignId=campaign_id(change),
            options={"Option": self._options.of(change)},
        )
        return ACCEPTED if queued else _DID_NOTHING


class MemberSink:
    """Puts customers into campaigns and takes them out. Satisfies `VerifyingSink`.

    Fields do not travel. The wanted state is what counts: a second membership (fault 107) and the
    removal of somebody who is no member, or no customer any more, are successes.
    """

    def __init__(self, client: SoapClient) -> None:
        self._client = client

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Make one call for each message, in their order; raises as the port tells."""
        return _one_by_one(messages, self._change)

    def verify(self, messages: Sequence[Message]) -> DeliveryReport:
        """Ask for each message whether the customer is a member; raises as the port tells."""
        outcomes: dict[MessageId, Outcome] = {}
        for message in messages:
            try:
                member = self._ask("campaign_hasMember", message)
            except Refused:
                continue
            if member is not _leaves(message):
                outcomes[message.id] = ACCEPTED
        return DeliveryReport(outcomes)

    def _change(self, message: Message) -> Outcome:
        leaves = _leaves(message)
        try:
            done = self._ask(f"campaign_{'remove' if leaves else 'add'}Member", message)
        except Refused as refusal:
            if refusal.code == CONFLICT and not leaves:
                return ACCEPTED
            if refusal.code == NOT_FOUND and leaves and self._is_gone(message, refusal):
                return ACCEPTED
            raise
        return ACCEPTED if done or leaves else _DID_NOTHING

    def _is_gone(self, message: Message, refusal: Refused) -> bool:
        """Tell whether the customer is not found; a campaign that is not leaves that open."""
        words = refusal.reason
        if _CUSTOMER.search(words) and not _CAMPAIGN.search(words):
            return True
        try:
            return not self._ask("campaign_hasMember", message)
        except Refused:
            return False

    def _ask(self, operation: str, message: Message) -> bool:
        change = message.change
        return self._client.flag(
            operation,
            hide=(change.identifier.value,),
            campaignId=campaign_id(change),
            customerId=customer_id(change),
        )


@contextmanager
def open_realtime_sink(
    context: AdapterContext[CanopyDeployRealtimeSettings],
    *,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[RunSink | MemberSink]:
    """Open the sink of one connection; nothing is sent before the first delivery.

    Args:
        context: the connection.
        transport: the wire seam, see `open_client`.

    Raises:
        MissingSecret: the token is not where the settings say.
        InvalidSettings: memberships were asked for, but profiles are identified by e-mail hashes.
    """
    settings = context.settings
    if trouble := identifier_trouble(settings, context.identifier):
        raise InvalidSettings(f"connections.{context.connection}: {trouble}")
    with open_client(settings, transport=transport) as client:
        yield (
            MemberSink(client)
            if settings.delivery == "membership"
            else RunSink(client, Options(settings, context.identifier))
        )


def _one_by_one(messages: Sequence[Message], send: Callable[[Message], Outcome]) -> DeliveryReport:
    """Send in order until a call is not answered; raise only if nothing was before that."""
    outcomes: dict[MessageId, Outcome] = {}
    for message in messages:
        try:
            outcomes[message.id] = send(message)
        except Refused as refusal:
            outcomes[message.id] = refusal.outcome
        except DeliveryError as error:
            if not outcomes:
                raise
            later = Deferred(datetime.now(UTC), f"not sent or in doubt: {error.reason}")
            return DeliveryReport({each.id: outcomes.get(each.id, later) for each in messages})
    return DeliveryReport(outcomes)


def _leaves(message: Message) -> bool:
    return message.change.kind is ChangeKind.REMOVE
