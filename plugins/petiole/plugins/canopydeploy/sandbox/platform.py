"""The platform as a whole: what it holds, and the way that a call takes through it."""

import threading
from collections.abc import Callable
from http import HTTPStatus

from petiole.plugins.canopydeploy.sandbox import webhook
from petiole.plugins.canopydeploy.sandbox.access import Access, carried, fresh_token
from petiole.plugins.canopydeploy.sandbox.clock import Clock
from petiole.plugins.canopydeploy.sandbox.crm import Crm
from petiole.plugins.canopydeploy.sandbox.document import Document
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Refusal, Request
from petiole.plugins.canopydeploy.sandbox.faults import Faults
from petiole.plugins.canopydeploy.sandbox.ledger import Ledger
from petiole.plugins.canopydeploy.sandbox.pace import Pace
from petiole.plugins.canopydeploy.sandbox.profiles import Profiles
from petiole.plugins.canopydeploy.sandbox.quota import Quota
from petiole.plugins.canopydeploy.sandbox.settings import Settings
from petiole.plugins.canopydeploy.sandbox.spoiling import spoiled


class State:
    """Everything that a reset forgets. Each part guards itself and calls no other while it does."""

    def __init__(self, token: str) -> None:
        self.settings = Settings()
        self.clock = Clock(offset=lambda: self.settings.clock_offset_seconds)
        self.access = Access(token)
        self.faults = Faults()
        self.ledger = Ledger(now=self.clock.now)
        self.pace = Pace(parallel=lambda: self.settings.parallel, queue=lambda: self.settings.queue)
        self.profiles = Profiles()
        self.quota = Quota(today=self.clock.today)
        self.crm = Crm(now=self.clock.now)
        self.webhooks = webhook.Webhooks(
            access=self.access,
            faults=self.faults,
            identify=self.crm.identify,
            profiles=self.profiles,
            quota=self.quota,
            settings=lambda: self.settings,
        )

    def change(self, settings: Document) -> None:
        """Change settings, or raise Nonsense and keep them."""
        self.settings = self.settings.changed(settings)


class Platform:
    """One account on the platform, as its callers see it."""

    def __init__(self, *, token: str | None = None) -> None:
        self.token = token or fresh_token()
        self.state = State(self.token)
        self.closing = threading.Event()

    def reset(self) -> None:
        """Go back to the start; calls under way end in what was there before."""
        self.state = State(self.token)

    def answer(self, request: Request) -> Answer:
        """Take a call in, apply it, spoil it if the script says so, and enter it in the ledger."""
        state = self.state
        call = state.ledger.opened(request, path=state.access.cleaned(request.path))
        rule = state.faults.choose(request)
        with state.pace.turn(carried(request) or request.peer) as admitted:
            self.closing.wait(state.settings.latency_ms / 1000)
            if not admitted:
                answer = Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many calls at a time").answer
            elif rule:
                answer = spoiled(rule, lambda: _served(state, request), settings=state.settings)
            else:
                answer = _served(state, request)
        state.ledger.closed(call, answer)
        return answer


def _served(state: State, request: Request) -> Answer:
    """Apply a call and answer it, as the platform does on a good day."""
    try:
        return _door(state, request.path)(request)
    except Refusal as refusal:
        return refusal.answer


def _door(state: State, path: str) -> Callable[[Request], Answer]:
    """Return what lives at a path."""
    if path.startswith(webhook.MOUNT):
        return state.webhooks.answer
    raise Refusal(HTTPStatus.NOT_FOUND, "nothing lives at this address")
