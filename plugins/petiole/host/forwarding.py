"""Hand engagements on, each sink on a thread of its own, so that none waits for another."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from petiole.adapters.files.engagements import JsonlEngagementSink
from petiole.core.errors import EndpointRefused
from petiole.core.intake.forwarding import forward_some
from petiole.core.ports.clock import Clock
from petiole.core.ports.engagement_sink import EngagementSink
from petiole.host.chore import Chore
from petiole.host.engagement_document import line
from petiole.host.intake_settings import JsonlSettings, WebhookSettings
from petiole.host.settings import Settings
from petiole.host.store_thread import OpenStore, Store

POLL = timedelta(seconds=5)
"""How often to look for what other processes stored; what this one did is told at once."""
_LONG = timedelta(days=1)

Tell = Callable[[str], None]


def forwarders(
    settings: Settings, open_store: OpenStore, *, clock: Clock, tell: Tell
) -> Sequence[Chore]:
    """Make a chore of each sink that the settings ask for.

    Raises:
        ConfigurationError: a secret is missing.
    """
    asked = settings.engagements
    sinks: dict[str, EngagementSink] = {}
    if asked.jsonl:
        sinks["jsonl"] = _jsonl(asked.jsonl, settings)
    if asked.webhook:
        sinks["webhook"] = _webhook(asked.webhook, clock)
    return [
        Chore(f"forwarding to {name}", open_store, Forwarding(sink, name, tell).step, tell=tell)
        for name, sink in sinks.items()
    ]


class Forwarding:
    """One sink, for as long as it wants more."""

    def __init__(self, sink: EngagementSink, name: str, tell: Tell) -> None:
        self._sink = sink
        self._name = name
        self._tell = tell
        self._is_over = False

    def step(self, store: Store, ends: Callable[[], bool]) -> timedelta:
        """Hand on all there is.

        Raises:
            DeliveryError: the sink did not take some; they come again.
        """
        try:
            while not (self._is_over or ends()):
                if not forward_some(self._sink, store.engagements, name=self._name):
                    return POLL
        except EndpointRefused as error:
            self._is_over = True
            self._tell(
                f"forwarding to {self._name}: {error}; nothing more is sent until petiole is "
                "started again"
            )
        return _LONG


def _jsonl(asked: JsonlSettings, settings: Settings) -> EngagementSink:
    return JsonlEngagementSink(
        settings.directory / asked.path, encode=line, max_bytes=asked.max_bytes, keep=asked.keep
    )


def _webhook(asked: WebhookSettings, clock: Clock) -> EngagementSink:
    from petiole.adapters.webhook import WebhookEngagementSink  # noqa: PLC0415 - httpx is slow

    asked.secret.reveal()
    return WebhookEngagementSink(
        str(asked.url),
        secret=asked.secret.reveal,
        encode=line,
        clock=clock,
        timeout=asked.timeout,
    )
