"""The platform as a whole: what it holds, and the way that a call takes through it."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from uuid import uuid4

from petiole.plugins.canopydeploy.sandbox import (
    analytics,
    customers,
    datamodel,
    oauth,
    realtime,
    webhook,
)
from petiole.plugins.canopydeploy.sandbox.access import Access, carried, fresh_token
from petiole.plugins.canopydeploy.sandbox.clock import Clock
from petiole.plugins.canopydeploy.sandbox.crm import Crm
from petiole.plugins.canopydeploy.sandbox.document import Document
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Refusal, Request
from petiole.plugins.canopydeploy.sandbox.faults import Faults
from petiole.plugins.canopydeploy.sandbox.identity import Identities
from petiole.plugins.canopydeploy.sandbox.ledger import Ledger
from petiole.plugins.canopydeploy.sandbox.pace import Pace
from petiole.plugins.canopydeploy.sandbox.profiles import Profiles
from petiole.plugins.canopydeploy.sandbox.push import Sender
from petiole.plugins.canopydeploy.sandbox.quota import Quota
from petiole.plugins.canopydeploy.sandbox.realtime import Realtime
from petiole.plugins.canopydeploy.sandbox.rules import Rule
from petiole.plugins.canopydeploy.sandbox.settings import Settings
from petiole.plugins.canopydeploy.sandbox.soap import SoapApi
from petiole.plugins.canopydeploy.sandbox.spoiling import spoiled


class State:
    """Everything that a reset forgets. Each part guards itself and calls no other while it does."""

    def __init__(self, token: str, client: oauth.Client) -> None:
        self.settings = Settings()
        self.clock = Clock(offset=lambda: self.settings.clock_offset_seconds)
        self.access = Access(token)
        self.faults = Faults()
        self.ledger = Ledger(now=self.clock.now)
        self.pace = Pace(parallel=lambda: self.settings.parallel, queue=lambda: self.settings.queue)
        self.profiles = Profiles(journal=lambda: self.settings.journal)
        self.quota = Quota(today=self.clock.today)
        self.realtime = Realtime(
            faults=self.faults, profiles=self.profiles, settings=lambda: self.settings
        )
        self.crm = Crm(
            now=self.clock.now,
            on_run=self.realtime.hear,
            option_limit=lambda: self.settings.option_characters,
            salt=uuid4(),
        )
        self.soap = SoapApi(crm=self.crm, authorize=self.access.knows, settings=self.settings.soap)
        tables = datamodel.Records(now=self.clock.now)
        self.webhooks = webhook.Webhooks(
            access=self.access,
            faults=self.faults,
            identify=self.crm.customers.identify,
            profiles=self.profiles,
            quota=self.quota,
            rows=datamodel.Rows(model=lambda: self.datamodel.model, records=tables),
            settings=lambda: self.settings,
        )

        self.customers = customers.CustomerApi(
            access=self.access, crm=self.crm, settings=lambda: self.settings
        )
        self.datamodel = datamodel.DataModelApi(
            access=self.access,
            crm=self.crm,
            records=tables,
            settings=lambda: self.settings,
        )
        self.oauth = oauth.OAuth(client, now=self.clock.now, settings=lambda: self.settings)
        self.analytics = analytics.AnalyticsApi(
            admits=self.oauth.admits,
            crm=self.crm,
            identities=self.identities,
            now=self.clock.now,
            settings=lambda: self.settings,
        )
        self.sender = Sender(
            crm=self.crm, identities=self.identities, brand_id=lambda: self.settings.brand_id
        )
        self._doors: tuple[tuple[str, Callable[[Request], Answer]], ...] = (
            (webhook.MOUNT, self.webhooks.answer),
            (customers.MOUNT, self.customers.answer),
            (oauth.MOUNT, self.oauth.answer),
            (analytics.MOUNT, self.analytics.answer),
            *((mount, self.datamodel.answer) for mount in datamodel.MOUNTS),
            *(
                (mount, partial(self.realtime.observed, self.soap.answer))
                for mount in realtime.MOUNTS
            ),
        )

    def door(self, path: str) -> Callable[[Request], Answer]:
        """Return what lives at a path, or refuse the call."""
        for mount, answer in self._doors:
            if f"{path}/".startswith(f"{mount.rstrip('/')}/"):
                return answer
        raise Refusal(HTTPStatus.NOT_FOUND, "nothing lives at this address")

    def identity_keys(self) -> Sequence[str]:
        """Return the options that may hold an identifier: the envelope's, and keys of mappings."""
        mapped = (mapping.key for mapping in self.webhooks.all().values() if mapping)
        return tuple(dict.fromkeys((self.settings.envelope.identifier, *mapped)))

    def identities(self) -> Identities:
        """Return who all customers are now."""
        return Identities(self.crm, keys=self.identity_keys())

    def change(self, settings: Document) -> None:
        """Change settings, or raise Nonsense and keep them."""
        self.settings = self.settings.changed(settings)
        self.soap.settings = self.settings.soap


class Platform:
    """One account on the platform, as its callers see it.

    `closing` is set when nobody will wait for an answer any more.
    """

    def __init__(self, *, token: str | None = None, client: oauth.Client | None = None) -> None:
        self.token = token or fresh_token()
        self.client = client or oauth.Client()
        self.state = State(self.token, self.client)
        self.closing = threading.Event()

    def close(self) -> None:
        """Stop what goes on in the background; nobody waits for an answer any more."""
        self.closing.set()
        self.state.sender.stop()

    def reset(self) -> None:
        """Go back to the start; calls under way end in what was there before."""
        before, self.state = self.state, State(self.token, self.client)
        before.sender.stop()

    def answer(self, request: Request) -> Answer:
        """Take a call in, apply it, spoil it if the script says so, and enter it in the ledger."""
        state = self.state
        call = state.ledger.opened(request, path=state.access.cleaned(request.path))
        rule = state.faults.choose(request)
        with state.pace.turn(carried(request) or request.peer) as admitted:
            if admitted:
                answer = self._answer(state, request, rule)
            else:
                answer = Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many calls at a time").answer
        state.ledger.closed(call, answer)
        return answer

    def _answer(self, state: State, request: Request, rule: Rule | None) -> Answer:
        """Work on a call for as long as the settings say, and spoil it if a rule says so."""
        if state.settings.latency_ms:
            self.closing.wait(state.settings.latency_ms / 1000)
        if rule:
            return spoiled(rule, partial(_served, state, request), settings=state.settings)
        return _served(state, request)


def _served(state: State, request: Request) -> Answer:
    """Apply a call and answer it, as the platform does on a good day."""
    try:
        return state.door(request.path)(request)
    except Refusal as refusal:
        return refusal.answer
