"""Courses of action that can be suspended anywhere, of which one at a time goes on.

Each has a thread of its own, and a baton that is handed to it and back: nothing ever happens at the
same time, and the order of everything is decided by whoever hands out the baton.
"""

from collections.abc import Callable
from threading import Lock, Thread


class Killed(BaseException):
    """The process is gone: nobody catches this but the strand."""


class _Carrier:
    """A thread that carries one strand after the other; starting one takes a millisecond."""

    idle: "list[_Carrier]" = []  # noqa: RUF012 - shared on purpose

    def __init__(self) -> None:
        self._go = Lock()
        self._back = Lock()
        self._go.acquire()
        self._back.acquire()
        self._work: Callable[[], None] | None = None
        Thread(target=self._carry, name="strand", daemon=True).start()

    @classmethod
    def take(cls) -> "_Carrier":
        return cls.idle.pop() if cls.idle else cls()

    def hand_over(self, work: Callable[[], None] | None = None) -> None:
        """Let the thread go on until it pauses or is done."""
        if work is not None:
            self._work = work
        self._go.release()
        self._back.acquire()

    def hand_back(self) -> None:
        """Let the others go on, on the thread itself, until it is its turn again."""
        self._back.release()
        self._go.acquire()

    def _carry(self) -> None:
        self._go.acquire()
        while True:
            if self._work is not None:
                self._work()
                self._work = None
            self.hand_back()


class Strand:
    """One course of action."""

    def __init__(self, name: str, body: Callable[[], None]) -> None:
        self.name = name
        self.owner: object = None
        self.calls = 0
        self._is_done = False
        self._body = body
        self._carrier: _Carrier | None = None
        self._is_killed = False
        self._error: BaseException | None = None

    def is_done(self) -> bool:
        """Tell whether there is nothing left to do."""
        return self._is_done

    def resume(self) -> None:
        """Go on until the next pause; whatever the body raises comes out here."""
        if self.is_done():
            return
        before = _Now.strand
        _Now.strand = self
        if self._carrier is None:
            self._carrier = _Carrier.take()
            self._carrier.hand_over(self._run)
        else:
            self._carrier.hand_over()
        _Now.strand = before
        if self.is_done():
            _Carrier.idle.append(self._carrier)
            if self._error is not None:
                raise self._error

    def pause(self) -> None:
        """Let the others go on; called by the strand itself."""
        if not self._is_killed and self._carrier is not None:
            self._carrier.hand_back()
        if self._is_killed:
            raise Killed

    def kill(self) -> None:
        """End it where it stands; only what `finally` says is still done."""
        if self._carrier is None:
            self._is_done = True
        self._is_killed = True
        self.resume()

    def _run(self) -> None:
        try:
            self._body()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where it is resumed
            self._error = error
        finally:
            self._is_done = True


class _Now:
    strand: Strand | None = None


def current() -> Strand | None:
    """Tell which strand has the baton; nobody's is the one who hands it out."""
    return _Now.strand
