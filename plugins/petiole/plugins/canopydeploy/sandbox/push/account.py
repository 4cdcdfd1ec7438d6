"""The account of a push: what was sent, what was answered, and which events came through."""

import hashlib
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping

from petiole.plugins.canopydeploy.sandbox.push.script import Parcel, Script
from petiole.plugins.canopydeploy.sandbox.push.wire import Wire

GOOD = range(200, 300)

PERCENTILES = (50, 99)


class Account:
    """Kept by one thread; others may look at it while it grows.

    `state` is waiting, running, done or stopped.
    """

    def __init__(self, *, script: Script, wire: Wire) -> None:
        self._script = script
        self._wire = wire
        self.state = "waiting"
        self._began = self._ended = 0.0
        parcels = script.parcels
        self._planned: Mapping[str, object] = {
            "calls": len(parcels),
            "duplicates": sum(each.duplicate for each in parcels),
            "late": sum(each.late for each in parcels),
            "malformed": Counter(str(each.malformed) for each in parcels if each.malformed),
            "skipped_events": script.skipped,
        }
        self._answers: Counter[str] = Counter()
        self._malformed_answers: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._sent = bytearray(len(script.events))
        self._taken = bytearray(len(script.events))
        self._given_up = bytearray(len(script.events))
        self._seconds = array("d")

    @property
    def is_running(self) -> bool:
        """Whether there is still something to come."""
        return self.state == "running"

    def begin(self) -> None:
        """Note the start."""
        self.state, self._began = "running", time.perf_counter()

    def end(self, *, stopped: bool) -> None:
        """Note the end; `stopped` before it was done."""
        self._ended = time.perf_counter()
        self.state = "stopped" if stopped else "done"

    def sent(self, parcel: Parcel) -> None:
        """Note that a call goes out, be it for the first time or again."""
        self._counts["sent"] += 1
        self._mark(self._sent, parcel)

    def answered(self, parcel: Parcel, status: int, *, seconds: float) -> None:
        """Note an answer."""
        self._answers[str(status)] += 1
        self._seconds.append(seconds)
        if parcel.malformed:
            self._malformed_answers[str(status)] += 1
        elif status in GOOD:
            self._mark(self._taken, parcel)

    def unanswered(self) -> None:
        """Note that there is no answer."""
        self._counts["unanswered"] += 1

    def retried(self) -> None:
        """Note that a call will be sent again."""
        self._counts["retried"] += 1

    def given_up(self, parcel: Parcel) -> None:
        """Note that a call will not be sent again although it was never answered for good."""
        self._counts["given_up"] += 1
        self._mark(self._given_up, parcel)

    def shown(self, *, events: bool) -> dict[str, object]:
        """Return the account, with every sent event if `events` are asked for.

        Digests and latencies are there when it is complete, since they take time.
        """
        until = time.perf_counter() if self.is_running else self._ended
        shown: dict[str, object] = {
            "state": self.state,
            "seconds": round(until - self._began, 3),
            **self._planned,
            **{each: self._counts[each] for each in ("sent", "unanswered", "retried", "given_up")},
            "answered": dict(self._answers),
            "malformed_answered": dict(self._malformed_answers),
            "latency_ms": {} if self.is_running else self._latency(),
            "events": {
                "all": len(self._script.events),
                "sent": self._told(self._sent),
                "taken": self._told(self._taken),
                "given_up": sum(map(_is_lost, self._given_up, self._taken)),
            },
        }
        if events:
            shown["list"] = [
                self._wire.shown(event) | {"taken": bool(taken)}
                for event, sent, taken in zip(
                    self._script.events, self._sent, self._taken, strict=True
                )
                if sent
            ]
        return shown

    def _mark(self, flags: bytearray, parcel: Parcel) -> None:
        if parcel.malformed is None:
            for place in parcel.events:
                flags[place] = 1

    def _told(self, flags: bytearray) -> dict[str, object]:
        digest = None
        if not self.is_running:
            pairs = zip(self._script.events, flags, strict=True)
            digest = digest_of(event.happening.uuid for event, flag in pairs if flag)
        return {"count": sum(flags), "digest": digest}

    def _latency(self) -> dict[str, float]:
        seconds = sorted(self._seconds.tolist())
        if not seconds:
            return {}
        ranks = {f"p{each}": seconds[len(seconds) * each // 100] for each in PERCENTILES}
        return {
            name: round(value * 1000, 3) for name, value in (ranks | {"max": seconds[-1]}).items()
        }


def digest_of(uuids: Iterable[str]) -> str:
    """Return the SHA-256 of uuids in order, one on a line."""
    return hashlib.sha256("\n".join(sorted(uuids)).encode()).hexdigest()


def _is_lost(given_up: int, taken: int) -> bool:
    return bool(given_up) and not taken
