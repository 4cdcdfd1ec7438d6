"""What a world is like: everything that does not change while it lasts, drawn from its seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import BreakerPolicy
from petiole.core.domain.change import AccountName, ConnectionName, Scope, SegmentId
from petiole.core.domain.quota import DailyQuota
from petiole.core.domain.settlement import AmbiguityPolicy

SHOP = AccountName("shop")
SCHOOL = AccountName("school")
LANES = (
    (ConnectionName("letters"), SHOP),
    (ConnectionName("triggers"), SHOP),
    (ConnectionName("courses"), SCHOOL),
)
ACCOUNTS = (SHOP, SCHOOL)
LEASE = timedelta(seconds=60)
TIMEOUT_SECONDS = 10.0
"""Of a call: shorter than the share of the lease that is left for it."""
ZONE = ZoneInfo("Europe/Amsterdam")
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One connection."""

    scope: Scope
    batching: BatchPolicy
    retry: RetryPolicy
    breaker: BreakerPolicy
    ambiguity: AmbiguityPolicy
    folding: bool
    verifies: bool
    hold_dead: bool
    max_in_flight: int
    quota: DailyQuota | None

    @property
    def name(self) -> ConnectionName:
        """What it is called."""
        return self.scope.connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One world. `roughness` is the share of calls that go wrong in bad weather."""

    seed: int
    in_memory: bool
    lanes: Mapping[ConnectionName, Lane]
    runners: int
    people: int
    acts: int
    pace_seconds: float
    roughness: float
    busyness: float
    poll_seconds: float
    bell: bool

    def told(self) -> str:
        """Tell it in a line."""
        lanes = ", ".join(
            f"{lane.name}({lane.batching.max_profiles}x{lane.max_in_flight}"
            f"{' fold' * lane.folding}{' verify' * lane.verifies}{' hold' * lane.hold_dead}"
            f" {lane.ambiguity}{f' quota {lane.quota.calls}' if lane.quota else ''})"
            for lane in self.lanes.values()
        )
        store = "memory" if self.in_memory else "sqlite"
        return (
            f"{store}, {self.runners} runner(s), {self.people} people, {self.acts} acts, "
            f"roughness {self.roughness:.2f}, busyness {self.busyness:.3f}, "
            f"poll {self.poll_seconds:g} s{' with bell' * self.bell}; {lanes}"
        )


def drawn(seed: int) -> Setup:
    """Draw a world."""
    random = Random(f"setup {seed}")
    bell = random.random() < 0.5
    shares_segment = random.random() < 0.5
    quota_calls = random.choice([None, None, random.randint(4, 30)])
    lanes: dict[ConnectionName, Lane] = {}
    for name, account in LANES:
        segment = SegmentId("7" if shares_segment else str(len(lanes) + 1))
        scope = Scope(account=account, connection=name, segment=segment)
        lanes[name] = _lane(random, scope, quota_calls)
    return Setup(
        seed=seed,
        in_memory=random.random() < 0.15,
        lanes=lanes,
        runners=random.choice([1, 1, 2]),
        people=random.randint(2, 9),
        acts=random.randint(12, 40),
        pace_seconds=random.choice([0.5, 4.0, 15.0]),
        roughness=random.choice([0.0, 0.1, 0.3, 0.6, 0.9]),
        busyness=random.choice([0.0, 0.0, 0.01, 0.05]),
        poll_seconds=random.choice([5.0, 60.0, 300.0]) if bell else random.choice([0.5, 2.0]),
        bell=bell,
    )


def _lane(random: Random, scope: Scope, quota_calls: int | None) -> Lane:
    realtime = scope.connection == "triggers"
    shared_by = [name for name, account in LANES if account == scope.account]
    quota = None
    if quota_calls is not None:
        quota = DailyQuota(calls=quota_calls, zone=ZONE, shared_by=shared_by)
    patient = random.random() < 0.7
    return Lane(
        scope=scope,
        batching=BatchPolicy(
            max_profiles=1 if realtime else random.choice([2, 3, 5, 8]),
            max_age=timedelta() if realtime else random.choice([_SECOND, 20 * _SECOND]),
            max_bytes=random.choice([60, 5_000_000]),
        ),
        retry=RetryPolicy(
            max_attempts=1000 if patient else random.randint(2, 6),
            max_age=timedelta(days=999) if patient else random.choice([1, 60]) * 10 * _SECOND,
            min_attempts=random.randint(1, 4),
            ceiling=random.choice([2, 20]) * _SECOND,
        ),
        breaker=BreakerPolicy(
            threshold=random.choice([2, 5]),
            pace=RetryPolicy(ceiling=random.choice([5, 60]) * _SECOND),
        ),
        ambiguity=random.choice([AmbiguityPolicy.RESEND, *AmbiguityPolicy]),
        folding=not realtime and random.random() < 0.7,
        verifies=random.random() < (0.5 if realtime else 0.1),
        hold_dead=random.random() < 0.25,
        max_in_flight=random.randint(1, 4),
        quota=quota,
    )
