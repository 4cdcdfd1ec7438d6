"""Who does the sending while the dispatcher goes on."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

Result = TypeVar("Result")


class Workers(Protocol, Generic[Result]):
    """Runs tasks, perhaps at the same time, and hands back what they return.

    Submitted from one thread and collected by the same. A task must not raise. Tasks of different
    connections never wait for each other.
    """

    def submit(self, connection: str, task: Callable[[], Result]) -> None:
        """Start a task soon; returns at once."""
        ...

    def collect(self, timeout: timedelta) -> Sequence[Result]:
        """Hand over all results there are, waiting up to `timeout` for the first one."""
        ...

    def wake(self) -> None:
        """Let `collect` return at once, or the next one; any thread or signal handler may do so."""
        ...
