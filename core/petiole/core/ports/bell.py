"""How a relay learns at once that there is something new, without asking again and again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable


@runtime_checkable
class Bell(Protocol):
    """Rung by whatever may give a relay something to do, in this process or in another.

    That is: enqueueing, a decision about dead or parked messages, a change of a connection's state
    that a person made. A ring may get lost, so a relay still looks by itself now and then.
    """

    def listen(self, wake: Callable[[], None]) -> AbstractContextManager[bool]:
        """Call `wake` at every ring, perhaps from another thread, until the context is left.

        Many rings may come as one. Yields whether ringing can be heard here at all.
        """
        ...
