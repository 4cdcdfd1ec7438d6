"""Drain a persist-queue of 300-byte messages, each acked: `persist_queue_drain.py [messages]`."""

import json
import resource
import sys
import tempfile
import time

from persistqueue import SQLiteAckQueue

MESSAGES = 3_000
PAYLOAD = json.dumps({"email": "customer.1@example.org", "notes": "x" * 250})


def main() -> None:
    """Fill a queue on disk, then drain it; tell what the draining took."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory(prefix="petiole-persist-queue-") as folder:
        queue = SQLiteAckQueue(folder)
        for _ in range(messages):
            queue.put(PAYLOAD)
        began = time.perf_counter()
        for _ in range(messages):
            queue.ack(queue.get())
        seconds = time.perf_counter() - began
        queue.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"messages": messages, "seconds": seconds, "peak_kib": peak}))


if __name__ == "__main__":
    main()
