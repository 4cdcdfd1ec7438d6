"""Broken bells."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from petiole.core.ports.bell import Bell
from petiole.testing.zoo.mutant import breaks


@breaks(Bell.listen, "Call `wake` at every ring")
def never_rings(bell: Bell, wake: Callable[[], None]) -> AbstractContextManager[bool]:
    del wake
    return bell.listen(lambda: None)


@breaks(Bell.listen, "at every ring")
@contextmanager
def rings_once(bell: Bell, wake: Callable[[], None]) -> Iterator[bool]:
    rung = False

    def wake_once() -> None:
        nonlocal rung
        if not rung:
            rung = True
            wake()

    with bell.listen(wake_once) as hears:
        yield hears
