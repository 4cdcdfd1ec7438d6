"""One connection as the relay serves it."""

from dataclasses import dataclass, field
from datetime import timedelta

from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import BreakerPolicy
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.quota import DailyQuota
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.ports.profile_sink import ProfileSink

USABLE_LEASE = 0.8
"""The share of a lease in which calls may begin; the rest is for the last one to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where batches go, and under which policies.

    With `hold_dead`, a buried change keeps later ones of its profile waiting. Beyond the
    `max_in_flight` batches under way, `ahead` more are claimed and stand ready, so that no worker
    waits while the dispatcher writes.
    """

    connection: ConnectionName
    sink: ProfileSink
    batching: BatchPolicy = field(default_factory=BatchPolicy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    ambiguity: AmbiguityPolicy = AmbiguityPolicy.RESEND
    hold_dead: bool = False
    max_in_flight: int = 8
    ahead: int = 0
    quota: DailyQuota | None = None
    lease: timedelta = timedelta(minutes=10)

    @property
    def max_claimed(self) -> int:
        """How many batches one runner may hold if it is alone."""
        return self.max_in_flight + self.ahead

    @property
    def usable_lease(self) -> timedelta:
        """For how long after a claim calls may begin."""
        return self.lease * USABLE_LEASE
