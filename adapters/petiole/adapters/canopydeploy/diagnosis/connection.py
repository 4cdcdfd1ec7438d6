"""The steps of a diagnosis, in their order: the webhook if there is one, then SOAP."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from urllib.parse import urlsplit

import httpx

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.campaigns import SoapCampaigns
from petiole.adapters.canopydeploy.credentials import Credentials
from petiole.adapters.canopydeploy.diagnosis.interface import SUBJECT, interface_finding
from petiole.adapters.canopydeploy.diagnosis.question import asked, failed
from petiole.adapters.canopydeploy.diagnosis.reachability import reached
from petiole.adapters.canopydeploy.diagnosis.webhook import webhook_findings, webhook_token
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.soap.client import open_client
from petiole.adapters.canopydeploy.soap.settings import (
    CanopyDeployRealtimeSettings,
    identifier_trouble,
)
from petiole.core.domain.campaign import Campaign
from petiole.core.errors import DeliveryError, InvalidCredentials
from petiole.core.ports.diagnosis import Aspect, Finding, Health
from petiole.hooks import AdapterContext

LIST = "campaign_getAllExecutable"
DELIVERIES = {
    "execute": ("campaign_executeAsync",),
    "membership": ("campaign_addMember", "campaign_removeMember", "campaign_hasMember"),
}
"""The operations that petiole calls."""

_RENEW = (
    "make a token in the portal (Administration, Users, the user, Manage tokens), store it where "
    "`token` refers to, and check that `portal` is the one that this user logs in to"
)


class ConnectionDiagnosis:
    """Satisfies `Diagnosis`."""

    def __init__(
        self,
        context: AdapterContext[AccountSettings],
        campaigns: SoapCampaigns,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._context = context
        self._settings = context.settings
        self._campaigns = campaigns
        self._transport = transport
        self._hosts: dict[tuple[str, str], bool] = {}

    def findings(self) -> Iterator[Finding]:
        """Look, and tell of each step as soon as it is known.

        Where settings do not go together, or no token can look like the secret, that is all: no
        call would be sent.
        """
        unusable = [*self._on_settings(), *self._on_secret()]
        if unusable:
            yield from unusable
            return
        if isinstance(self._settings, CanopyDeployBatchSettings):
            yield from self._on_webhook(self._settings)
        yield from self._on_soap()

    def _on_settings(self) -> Iterator[Finding]:
        settings = self._settings
        if not isinstance(settings, CanopyDeployRealtimeSettings):
            return
        if trouble := identifier_trouble(settings, self._context.identifier):
            yield Finding(
                aspect=Aspect.SETTINGS,
                health=Health.FAIL,
                subject=self._context.connection,
                told=trouble,
                remedy='set identifier = "customer-id", or delivery = "execute"',
            )

    def _on_secret(self) -> Iterator[Finding]:
        try:
            Credentials(self._settings.token, auth="bearer", username=None).token()
        except InvalidCredentials as error:
            told, _, remedy = error.reason.partition("; ")
            yield Finding(
                aspect=Aspect.SECRET,
                health=Health.FAIL,
                subject="token",
                told=told,
                remedy=remedy,
            )

    def _on_webhook(self, settings: CanopyDeployBatchSettings) -> Iterator[Finding]:
        yield from self._reached(settings.endpoint, "endpoint")
        if not self._reachable(settings.endpoint):
            return
        credentials = Credentials(settings.token, auth=settings.auth, username=settings.username)
        answer = self._asked(settings.endpoint, "endpoint", credentials)
        healthy = True
        for finding in webhook_findings(answer, remedy=_RENEW):
            healthy &= finding.health is not Health.FAIL
            yield finding
        if healthy:
            yield webhook_token(works_over_soap=not isinstance(self._listed, DeliveryError))

    def _on_soap(self) -> Iterator[Finding]:
        settings = self._settings
        yield from self._reached(settings.call_url, settings.address_setting)
        if self._reachable(settings.call_url):
            live = self._asked(settings.wsdl_url, "soap_url")
            yield interface_finding(live, settings=settings, needed=self._needed)
            yield from self._on_campaigns()

    def _on_campaigns(self) -> Iterator[Finding]:
        listed = self._listed
        if isinstance(listed, InvalidCredentials):
            remedy = (
                f"{_RENEW}; a token of one webhook only does not work over SOAP, and the user "
                "needs the rights for the brand and its campaigns"
            )
            yield failed(Aspect.TOKEN, SUBJECT, listed, remedy)
        elif isinstance(listed, DeliveryError):
            remedy = "look at the platform's words; `petiole campaigns` asks again"
            yield failed(Aspect.CAMPAIGNS, SUBJECT, listed, remedy)
        else:
            told = "the platform takes it"
            yield Finding(aspect=Aspect.TOKEN, health=Health.OK, subject=SUBJECT, told=told)
            yield Finding(
                aspect=Aspect.CAMPAIGNS,
                health=Health.OK if listed else Health.WARN,
                subject=SUBJECT,
                told=f"{len(listed)} that can be started by API",
                remedy="" if listed else "make one in the portal that can be started by API",
            )

    @property
    def _needed(self) -> frozenset[str]:
        if isinstance(self._settings, CanopyDeployRealtimeSettings):
            return frozenset({LIST, *DELIVERIES[self._settings.delivery]})
        return frozenset({LIST})

    @cached_property
    def _listed(self) -> Sequence[Campaign] | DeliveryError:
        """The one call over SOAP, which serves several steps."""
        try:
            return self._campaigns.ask()
        except DeliveryError as error:
            return error

    def _reached(self, url: str, setting: str) -> Iterator[Finding]:
        """Look at each host once, unless something else stands in the network's place."""
        host = _host(url)
        if self._transport is not None or host in self._hosts:
            return
        self._hosts[host] = True
        for finding in reached(url, setting=setting, timeout_seconds=self._seconds):
            self._hosts[host] &= finding.health is not Health.FAIL
            yield finding

    def _reachable(self, url: str) -> bool:
        return self._hosts.get(_host(url), True)

    def _asked(
        self, url: str, setting: str, credentials: Credentials | None = None
    ) -> Answer | DeliveryError:
        return asked(
            url,
            credentials,
            setting=setting,
            timeout_seconds=self._seconds,
            transport=self._transport,
        )

    @property
    def _seconds(self) -> float:
        return self._settings.timeout.total_seconds()


def _host(url: str) -> tuple[str, str]:
    """Return what can be reached or not: one port may take http but no https."""
    address = urlsplit(url)
    return address.scheme, address.netloc


@contextmanager
def open_diagnosis(
    context: AdapterContext[AccountSettings], *, transport: httpx.BaseTransport | None = None
) -> Iterator[ConnectionDiagnosis]:
    """Open the diagnosis of one connection.

    Args:
        context: the connection.
        transport: the wire seam. Where it is given, names and encryption are not looked at.

    Raises:
        MissingSecret: the token is not where the settings say.
    """
    with open_client(context.settings, transport=transport) as client:
        yield ConnectionDiagnosis(context, SoapCampaigns(client), transport=transport)
