"""What can go wrong, told by who must act next.

Exceptions say "this was not answered"; what the platform answered for one message is data
(`domain.report`).

    PetioleError
    ├─ ConfigurationError           the operator must act; never retried
    │  ├─ ManifestError
    │  │  ├─ ManifestMismatch       the manifest says one thing, the plugin's code another
    │  │  └─ IncompatiblePlugin     made for another generation of the host
    │  ├─ UnknownAdapter            nothing is registered under that name
    │  ├─ PortNotBound              the adapter that was opened does not fit its port
    │  ├─ InvalidSettings           a key or a value in petiole.toml or the environment
    │  └─ MissingSecret             a secret is referred to but not there
    ├─ AudienceError                the input cannot be read as a whole; nothing was enqueued
    ├─ IdentifierRefused            one value cannot identify a profile
    ├─ DeliveryError                a whole batch; carries the platform's own code and words
    │  ├─ Transient                 will be tried again
    │  │  ├─ Timeout                surely not sent
    │  │  ├─ Unavailable            the platform answered that it cannot (5xx)
    │  │  └─ Throttled              slow down until `retry_after`; spends no attempt
    │  ├─ Ambiguous                 sent, no readable answer: verify, else the connection's policy
    │  └─ Permanent                 trying again without a change is no use
    │     ├─ InvalidCredentials     the connection pauses, nothing is buried
    │     ├─ EndpointRefused        the address is wrong or gone; the connection pauses likewise
    │     └─ MalformedRequest       the platform refuses the content; bisected to find the culprit
    └─ OutboxError                  the queue itself
       └─ OutboxBusy                for now: locked by another program, or no space left
"""

from datetime import timedelta

from petiole.core.exchange import Exchange


class PetioleError(Exception):
    """Every error that petiole raises on purpose; the message names the thing and the remedy."""


class ConfigurationError(PetioleError):
    """The operator must change something; trying again does not help."""


class ManifestError(ConfigurationError):
    """A plugin's manifest cannot be read or contradicts itself."""


class ManifestMismatch(ManifestError):
    """The manifest and the code of a plugin disagree; the message names both sides."""


class IncompatiblePlugin(ManifestError):
    """The plugin was made for another generation of the host API."""


class UnknownAdapter(ConfigurationError):
    """No registered plugin offers what a connection asks for."""


class PortNotBound(ConfigurationError):
    """What an adapter's `open` yields does not satisfy the port that it was registered for."""


class InvalidSettings(ConfigurationError):
    """A key or value in the settings is wrong; the message tells which and what would be right."""


class MissingSecret(ConfigurationError):
    """A secret reference leads nowhere."""


class AudienceError(PetioleError):
    """The input cannot be read as a whole; raised before anything was enqueued."""


class IdentifierRefused(PetioleError):
    """A value cannot identify a profile. The reason never repeats the value."""


class DeliveryError(PetioleError):
    """A whole batch was not answered message by message.

    `code` and `reason` are the platform's own where it gave any, else petiole's category. A sink
    that keeps a record of its calls sets `exchange` before it raises.
    """

    exchange: Exchange | None = None

    def __init__(self, reason: str, *, code: str = "Other error") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Transient(DeliveryError):
    """A passing trouble: the batch is tried again after a backoff."""


class Timeout(Transient):
    """No connection or no answer, and nothing was applied: surely safe to send again."""


class Unavailable(Transient):
    """The platform answered that it cannot serve now (5xx)."""


class Throttled(Transient):
    """The platform asks to slow down. The whole connection waits, no attempt is spent.

    `retry_after` is what the platform asked for; `None` leaves the wait to the backoff.
    """

    def __init__(
        self, reason: str, *, code: str = "429", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(reason, code=code)
        self.retry_after = retry_after


class Ambiguous(DeliveryError):
    """The batch was sent and no readable answer came: it may or may not have been applied."""


class Permanent(DeliveryError):
    """The same request would fail again; somebody must change something first."""


class InvalidCredentials(Permanent):
    """The token or password was refused."""


class EndpointRefused(Permanent):
    """The address does not take this kind of call (404, 405, 415, a redirect)."""


class MalformedRequest(Permanent):
    """The platform refuses what the batch holds and names no culprit."""


class OutboxError(PetioleError):
    """The outbox cannot do what was asked; nothing was half-written."""


class OutboxBusy(OutboxError):
    """It cannot for now: locked by another program, or no space left; the same call may succeed."""
