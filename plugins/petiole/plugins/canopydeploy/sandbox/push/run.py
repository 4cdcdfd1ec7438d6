"""One push under way: a few connections, one thread, and an account of every call."""

import heapq
import selectors
import threading
import time
from dataclasses import dataclass, field
from itertools import count

from petiole.plugins.canopydeploy.sandbox.push.account import Account
from petiole.plugins.canopydeploy.sandbox.push.line import Line, NoAnswer, NoConnection
from petiole.plugins.canopydeploy.sandbox.push.order import Order
from petiole.plugins.canopydeploy.sandbox.push.script import Parcel, Script
from petiole.plugins.canopydeploy.sandbox.push.wire import Wire

TOO_MANY = 429
BROKEN = range(500, 600)

LONGEST_REST_SECONDS = 1.0
"""How long nothing is sent at most after nobody was there."""

PATIENCE_SECONDS = 0.05
"""How long it waits at most before it looks whether it is to stop, or a call is overdue."""


@dataclass(slots=True)
class Errand:
    """A call on its way.

    `is_renewed` tells that it met a connection closed before, which is no try; that is so once, and
    from then on it goes on connections of its own.
    """

    parcel: Parcel
    tries: int = 0
    is_renewed: bool = False


@dataclass(slots=True)
class Clerk:
    """A place for one connection, and the call that it is busy with."""

    line: Line | None = None
    errand: Errand | None = None
    since: float = 0.0
    writes: bool = False


@dataclass(order=True, slots=True)
class Retry:
    """A call that is to be sent again."""

    due: float
    number: int
    errand: Errand = field(compare=False)


class Run:
    """Sends every call of a script, each again while its answer asks for that."""

    def __init__(self, order: Order, *, script: Script, wire: Wire) -> None:
        self.account = Account(script=script, wire=wire)
        self._order = order
        self._wire = wire
        self._ended = threading.Event()
        self._parcels = iter(script.parcels)
        self._left = len(script.parcels)
        self._retries: list[Retry] = []
        self._numbers = count()
        self._selector = selectors.DefaultSelector()
        self._idle = [Clerk() for _ in range(order.connections)]
        self._busy: dict[int, Clerk] = {}
        self._thread = threading.Thread(target=self._go, name="push", daemon=True)
        self._handed = 0
        self._rests_until = 0.0

    def start(self) -> None:
        """Begin in the background."""
        self.account.begin()
        self._thread.start()

    def stop(self) -> None:
        """Hang up on what is under way, and wait until that is done."""
        self._ended.set()
        self._thread.join()

    def _go(self) -> None:
        began = looked = time.perf_counter()
        try:
            while not self._ended.is_set() and (self._busy or self._left or self._retries):
                now = time.perf_counter()
                wait = self._hand_out(now, began)
                for key, events in self._selector.select(wait):
                    clerk: Clerk = key.data
                    if clerk.errand:
                        self._serve(clerk, events)
                    else:
                        # An idle connection that has something to say was closed by the server.
                        self._hang_up(clerk)
                if now - looked > PATIENCE_SECONDS:
                    looked = now
                    self._look_for_overdue(now)
        finally:
            for clerk in (*self._idle, *self._busy.values()):
                self._hang_up(clerk)
            self._selector.close()
            self.account.end(stopped=self._ended.is_set())

    def _hand_out(self, now: float, began: float) -> float:
        """Give calls to idle clerks, and tell how many seconds until there may be one again."""
        while self._idle and not self._ended.is_set():
            errand, wait = self._next(now, began)
            if errand is None:
                return wait
            clerk = self._idle.pop()
            self._busy[id(clerk)] = clerk
            clerk.errand = errand
            self._begin(clerk)
        return PATIENCE_SECONDS

    def _next(self, now: float, began: float) -> tuple[Errand | None, float]:
        """Take the next call that is due, or tell how long until one is."""
        paced = began + self._handed / self._order.rate if self._order.rate else 0.0
        if (due := max(paced, self._rests_until)) > now:
            return None, min(PATIENCE_SECONDS, due - now)
        if self._retries and self._retries[0].due <= now:
            self._handed += 1
            return heapq.heappop(self._retries).errand, 0.0
        if self._left:
            self._left -= 1
            self._handed += 1
            return Errand(next(self._parcels)), 0.0
        if self._retries:
            return None, min(PATIENCE_SECONDS, self._retries[0].due - now)
        return None, PATIENCE_SECONDS

    def _begin(self, clerk: Clerk) -> None:
        """Send a call; it is answered later, or was in vain."""
        errand = clerk.errand
        if errand is None:
            return
        errand.tries += 1
        clerk.since = time.perf_counter()
        self.account.sent(errand.parcel)
        if errand.is_renewed:
            # Another connection that was used may be closed just as well.
            self._hang_up(clerk)
        try:
            if clerk.line is None:
                clerk.line = Line(self._order.host, self._order.port)
                self._selector.register(clerk.line.socket, selectors.EVENT_READ, clerk)
                clerk.writes = False
            self._listen(clerk, writes=not clerk.line.send(self._wire.call(errand.parcel)))
        except NoAnswer as problem:
            self._in_vain(clerk, problem)

    def _serve(self, clerk: Clerk, events: int) -> None:
        """Write or read what a connection is ready for."""
        line, errand = clerk.line, clerk.errand
        if line is None or errand is None:
            return
        try:
            if clerk.writes and events & selectors.EVENT_WRITE:
                self._listen(clerk, writes=not line.flush())
            if not events & selectors.EVENT_READ:
                return
            reply = line.read()
        except NoAnswer as problem:
            self._in_vain(clerk, problem)
            return
        if reply is None:
            return
        seconds = time.perf_counter() - clerk.since
        self.account.answered(errand.parcel, reply.status, seconds=seconds)
        if not reply.stays:
            self._hang_up(clerk)
        self._release(clerk)
        if reply.status == TOO_MANY or reply.status in BROKEN:
            self._again(errand)

    def _listen(self, clerk: Clerk, *, writes: bool) -> None:
        if clerk.line and clerk.writes != writes:
            clerk.writes = writes
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            events = both if writes else selectors.EVENT_READ
            self._selector.modify(clerk.line.socket, events, clerk)

    def _look_for_overdue(self, now: float) -> None:
        for clerk in list(self._busy.values()):
            if now - clerk.since > self._order.timeout_seconds:
                self._in_vain(clerk, None)

    def _in_vain(self, clerk: Clerk, problem: NoAnswer | None) -> None:
        """Hang up on a connection that gave no answer, or None in time, and see to its call."""
        if isinstance(problem, NoConnection):
            rest = min(self._order.retry_seconds, LONGEST_REST_SECONDS)
            self._rests_until = time.perf_counter() + rest
        errand = clerk.errand
        was_used = clerk.line is not None and clerk.line.is_used
        self._hang_up(clerk)
        self._release(clerk)
        if errand is None:
            return
        self.account.unanswered()
        if was_used and problem and not errand.is_renewed:
            # A server may close an idle connection at any time: that is nobody's failure.
            errand.is_renewed = True
            errand.tries -= 1
            self._put_off(errand, seconds=0.0)
        else:
            self._again(errand)

    def _again(self, errand: Errand) -> None:
        if errand.tries < self._order.tries:
            self._put_off(errand, seconds=self._order.retry_seconds)
        else:
            self.account.given_up(errand.parcel)

    def _put_off(self, errand: Errand, *, seconds: float) -> None:
        self.account.retried()
        due = time.perf_counter() + seconds
        heapq.heappush(self._retries, Retry(due, next(self._numbers), errand))

    def _release(self, clerk: Clerk) -> None:
        clerk.errand = None
        del self._busy[id(clerk)]
        self._idle.append(clerk)

    def _hang_up(self, clerk: Clerk) -> None:
        if clerk.line:
            self._selector.unregister(clerk.line.socket)
            clerk.line.close()
            clerk.line = None
