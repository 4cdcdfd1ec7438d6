"""Doors: packages that offer names from the rooms behind them, imported when they are asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module


def door(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Make the `__getattr__` of a package: each name comes from the module that `homes` tells.

    Modules are named from the package on. So that to come in costs nothing.
    """

    def offered(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return offered
