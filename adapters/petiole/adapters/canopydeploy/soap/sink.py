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
from typing import TypeAlias

import httpx

from petiole.adapters.canopydeploy.codes import OTHER
from petiole.adapters.canopydeploy.soap.client import SoapClient, open_client
from petiole.adapters.canopydeploy.soap.faults import CONFLICT, NOT_FOUND, Refused
from petiole.adapters.canopydeploy.soap.options import Options, campaign_id, customer_id
from petiole.adapters.canopydeploy.soap.settings import (
    CanopyDeployRealtimeSettings,
    identifier_trouble,
)
from petiole.adapters.canopydeploy.soap.told import Told
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Deferred, DeliveryReport, Outcome, Rejected
from petiole.core.errors import DeliveryError, InvalidSettings
from petiole.core.exchange import Exchange
from petiole.hooks import AdapterContext

_Answered: TypeAlias = tuple[Outcome, Exchange | None]
"""What became of a message, and the call behind it."""

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

    def _run(self, message: Message) -> _Answered:
        """Start a run. Assumed: true says that it was queued."""
        change = message.change
        queued = self._client.flag(
            "campaign_executeAsync",
            message,
            campaignId=campaign_id(change),
            options={"Option": self._options.of(change)},
        )
        return (ACCEPTED if queued.yes else _DID_NOTHING), queued.exchange


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
            if member.yes is not _leaves(message):
                outcomes[message.id] = ACCEPTED
        return DeliveryReport(outcomes)

    def _change(self, message: Message) -> _Answered:
        leaves = _leaves(message)
        try:
            done = self._ask(f"campaign_{'remove' if leaves else 'add'}Member", message)
        except Refused as refusal:
            if refusal.code == CONFLICT and not leaves:
                return ACCEPTED, refusal.exchange
            if refusal.code == NOT_FOUND and leaves and self._is_gone(message, refusal):
                return ACCEPTED, refusal.exchange
            raise
        return (ACCEPTED if done.yes or leaves else _DID_NOTHING), done.exchange

    def _is_gone(self, message: Message, refusal: Refused) -> bool:
        """Tell whether the customer is not found; a campaign that is not leaves that open."""
        words = refusal.reason
        if _CUSTOMER.search(words) and not _CAMPAIGN.search(words):
            return True
        try:
            return not self._ask("campaign_hasMember", message).yes
        except Refused:
            return False

    def _ask(self, operation: str, message: Message) -> Told:
        change = message.change
        return self._client.flag(
            operation,
            message,
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


def _one_by_one(
    messages: Sequence[Message], send: Callable[[Message], _Answered]
) -> DeliveryReport:
    """Send in order until a call is not answered; raise only if nothing was before that.

    The report carries the last call.
    """
    outcomes: dict[MessageId, Outcome] = {}
    exchange: Exchange | None = None
    for message in messages:
        try:
            outcomes[message.id], exchange = send(message)
        except Refused as refusal:
            outcomes[message.id], exchange = refusal.outcome, refusal.exchange or exchange
        except DeliveryError as error:
            if not outcomes:
                raise
            later = Deferred(datetime.now(UTC), f"not sent or in doubt: {error.reason}")
            told = {each.id: outcomes.get(each.id, later) for each in messages}
            return DeliveryReport(told, error.exchange)
    return DeliveryReport(outcomes, exchange, sent=exchange is not None)


def _leaves(message: Message) -> bool:
    return message.change.kind is ChangeKind.REMOVE
