"""The sums: how many messages stand where, and the identity that they must satisfy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from petiole.core.domain.message import MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Messages of one connection since its first day; pruning old rows does not change it."""

    enqueued: int = 0
    states: Mapping[MessageState, int] = field(default_factory=dict)

    def __getitem__(self, state: MessageState) -> int:
        """How many messages are in that state."""
        return self.states.get(state, 0)

    @property
    def balanced(self) -> bool:
        """The accounting identity: every enqueued message stands in exactly one state."""
        return self.enqueued == sum(self.states.values())

    @property
    def waiting(self) -> int:
        """Messages that the relay has still to deliver."""
        return self[MessageState.PENDING] + self[MessageState.IN_FLIGHT]

    @property
    def open(self) -> int:
        """Messages that have not reached an end."""
        return self.waiting + self[MessageState.PARKED]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueReceipt:
    """What became of changes handed to the outbox.

    `enqueued` were taken, of which `folded` live on in an earlier pending change; `repeated` bore
    the id of a change that the outbox had seen, and were not taken again.
    """

    enqueued: int = 0
    folded: int = 0
    repeated: int = 0

    def __add__(self, other: "EnqueueReceipt") -> "EnqueueReceipt":
        """Add up two receipts."""
        return EnqueueReceipt(
            enqueued=self.enqueued + other.enqueued,
            folded=self.folded + other.folded,
            repeated=self.repeated + other.repeated,
        )
