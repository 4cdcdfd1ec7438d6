"""Processes that live through something and die in it when they are told to.

They are forked from a server that has imported everything: a process of its own each, but soon.
"""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import ParamSpec

from petiole.core.failpoints import FailPoint, arm
from tests.crash.story import TOKEN

_PATIENCE_SECONDS = 60
_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "petiole.host.cli.run",
        "petiole.adapters.canopydeploy.rest",
        "petiole.adapters.canopydeploy.soap.sink",
    ]
)
Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doom:
    """At which pass of a point the process is struck, or of all points together without one."""

    point: FailPoint | None
    passes: int = 1
    number: signal.Signals = signal.SIGKILL
    mark: Path | None = None
    """Is made just before."""

    def await_it(self) -> None:
        """Count the passes from now on, and strike."""
        guard = threading.Lock()
        passed = 0

        def watch(point: FailPoint) -> None:
            nonlocal passed
            if self.point not in {None, point}:
                return
            with guard:
                passed += 1
                if passed == self.passes:
                    if self.mark is not None:
                        self.mark.touch()
                    # To this thread: it must be the first one that stops.
                    signal.pthread_kill(threading.get_ident(), self.number)

        arm(watch)


def start(
    doom: Doom | None,
    target: Callable[Arguments, None],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> BaseProcess:
    """Start a process that does something, struck by doom at its point."""
    process = _SERVER.Process(target=_live, args=(doom, target, args, kwargs), daemon=True)
    process.start()
    return process


def ended(process: BaseProcess) -> int:
    """Wait for its end; negative is the signal that ended it."""
    process.join(_PATIENCE_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError("the process went on and on")
    return process.exitcode


def run(
    doom: Doom | None,
    target: Callable[Arguments, None],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> int:
    """Start a process and wait for its end."""
    return ended(start(doom, target, *args, **kwargs))


def _live(
    doom: Doom | None,
    target: Callable[..., None],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> None:
    os.environ["CANOPYDEPLOY_TOKEN"] = TOKEN
    if doom is not None:
        doom.await_it()
    target(*args, **kwargs)
