"""A deadline for a call as a whole: a server that trickles meets every limit on single reads."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def within(seconds: float, call: Callable[[], Result], abandon: Callable[[], None]) -> Result:
    """Wait for a call on a thread of its own; when time is up, `abandon` cuts it off.

    Raises:
        TimeoutError: time was up.
    """
    result: Future[Result] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except Exception as error:  # noqa: BLE001 - raised to the one who waits
            result.set_exception(error)

    Thread(target=run, name="petiole-webhook-call", daemon=True).start()
    try:
        return result.result(seconds)
    except TimeoutError:
        abandon()
        raise
