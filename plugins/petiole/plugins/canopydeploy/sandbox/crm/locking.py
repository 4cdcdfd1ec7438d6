"""One re-entrant lock for the whole CRM, taken by every public method of its parts."""

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Lockable(Protocol):
    """Whatever shares the CRM's lock."""

    @property
    def lock(self) -> RLock:
        """The lock that guards its state."""
        ...


_S = TypeVar("_S", bound=Lockable)


def locked(method: Callable[Concatenate[_S, _P], _R]) -> Callable[Concatenate[_S, _P], _R]:
    """Hold the object's lock while the method runs."""

    @wraps(method)
    def guarded(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self.lock:
            return method(self, *args, **kwargs)

    return guarded
