"""Put changes into the outbox in chunks: bounded memory, and every chunk durable."""

from collections.abc import Callable, Iterable

from petiole.core.domain.change import ProfileChange
from petiole.core.domain.chunking import chunked
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.outbox import Outbox

CHUNK_CHANGES = 1_000
"""Changes per transaction: the disk's sync costs little, and progress shows."""

CHUNK_CHARACTERS = 4_000_000
"""Of JSON text per transaction, so that wide profiles take no more memory than many."""


def enqueue_all(
    outbox: Outbox,
    changes: Iterable[ProfileChange],
    *,
    folding: bool,
    on_chunk: Callable[[EnqueueReceipt], None] | None = None,
) -> EnqueueReceipt:
    """Enqueue every change, in order.

    Args:
        outbox: takes each chunk in one transaction.
        changes: read lazily, one chunk at a time.
        folding: whether pending changes of one profile are combined.
        on_chunk: is told the running total after each chunk.

    Returns:
        the total. If `changes` raises, the chunks before are enqueued and stay so.
    """
    total = EnqueueReceipt()
    for chunk in chunked(changes, most=CHUNK_CHANGES, heaviest=CHUNK_CHARACTERS, weigh=_characters):
        total += outbox.enqueue(chunk, folding=folding)
        if on_chunk is not None:
            on_chunk(total)
    return total


def _characters(change: ProfileChange) -> int:
    return len(change.fields.text)
