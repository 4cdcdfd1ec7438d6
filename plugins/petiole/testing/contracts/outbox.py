"""What every outbox promises, whole."""

from petiole.testing.contracts.backlog import BacklogContract
from petiole.testing.contracts.claiming import ClaimContract
from petiole.testing.contracts.enqueueing import EnqueueContract, FoldContract
from petiole.testing.contracts.fencing import FenceContract
from petiole.testing.contracts.recovery import RecoveryContract
from petiole.testing.contracts.returning import ReturnContract
from petiole.testing.contracts.settling import SettleContract
from petiole.testing.contracts.store import StoreContract


class OutboxContract(
    EnqueueContract,
    FoldContract,
    ReturnContract,
    BacklogContract,
    ClaimContract,
    RecoveryContract,
    SettleContract,
    FenceContract,
    StoreContract,
):
    """`ports.outbox`: override `stand`."""
