"""What work in the foreground came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.audience import RefusedRow
from petiole.core.ports.ledger import Difference
from petiole.host.observers import DeliveryCount
from petiole.host.status import ConnectionStatus, any_waits


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The sums of one run, and how the connections stand after it.

    `dead` counts messages by the platform's own code and words.
    """

    delivered: Mapping[ChangeKind, int]
    dead: Mapping[tuple[str, str], int]
    parked: int
    retried: int
    resent: int
    calls: int
    statuses: Sequence[ConnectionStatus]

    @property
    def complete(self) -> bool:
        """Whether everything that was queued is delivered: nothing waits, died or was parked."""
        return not (self.dead or self.parked or any_waits(self.statuses))


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a snapshot differed in, what was refused and queued, and how its delivery went.

    `withheld` removals were not queued, because rows were refused. `suppressed` profiles were left
    out, as they complained or bounced. `run` is `None` where delivering
    was left to another host.
    """

    difference: Difference
    withheld: int
    suppressed: int
    refused: int
    refusals: Sequence[RefusedRow]
    """The first thousand of the refused rows."""
    receipt: EnqueueReceipt
    run: RunResult | None

    @property
    def complete(self) -> bool:
        """Whether the platform now holds the snapshot, as far as it told."""
        return not self.refused and self.run is not None and self.run.complete


def run_result(counted: DeliveryCount, statuses: Sequence[ConnectionStatus]) -> RunResult:
    """Sum up a run."""
    return RunResult(
        delivered={kind: counted.delivered[kind] for kind in ChangeKind},
        dead=dict(counted.buried),
        parked=counted.parked,
        retried=counted.retried,
        resent=counted.resent,
        calls=counted.calls,
        statuses=statuses,
    )
