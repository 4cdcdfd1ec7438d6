"""What a mutant is: one method of a port, done wrong."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Never, TypeAlias, cast

from petiole.testing.promises import Promise

Bend: TypeAlias = Callable[..., object]
"""Does a method's work wrongly: takes the good adapter, and what the method was called with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One way to break an adapter.

    `fits` tells of a stand whether the harm can be seen there at all. `seen_by` names the test that
    sees it, perhaps with its parameter, where others keep the same sentence and cannot. `knows`
    names a fixture of the suite that the mutant is told; `told` makes the one that knows it.
    """

    name: str
    port: str
    method: str
    promise: Promise
    bend: Callable[..., Bend]
    fits: Callable[[object], bool]
    seen_by: str
    knows: str

    def told(self, knowledge: object) -> "Mutant":
        """Make the one that knows what `knows` names."""
        return replace(self, bend=partial(self.bend, knowledge))

    def bent(self, adapter: object) -> object:
        """Make the adapter's broken twin; the adapter itself stays as it is."""
        return twin(adapter, self.method, self.bend())


def twin(adapter: object, method: str, bend: Bend) -> object:
    """Make something that passes everything on to the adapter, but does one method by `bend`."""
    names = [name for name in dir(adapter) if not name.startswith("_")]
    parts: dict[str, object] = {name: _passed_on(adapter, name) for name in names}
    if isinstance(inspect.getattr_static(adapter, method, None), property):
        parts[method] = property(lambda _: bend(adapter))
    else:
        parts[method] = lambda _, *args, **options: bend(adapter, *args, **options)
    return type(f"Broken{type(adapter).__name__}", (), parts)()


class Hung(BaseException):
    """Here the mutant waits for ever; nobody has to wait with it to know."""


def hang() -> Never:
    """Never return."""
    raise Hung("this call does not come back")


def breaks(
    method: object,
    quote: str,
    *,
    of: object | None = None,
    fits: Callable[[object], bool] = lambda _: True,
    seen_by: str = "",
    knows: str = "",
) -> Callable[[Bend], Mutant]:
    """Make a mutant of a function that does the work of `method` wrongly, or of a class of such.

    A class is built anew for each adapter, so that what it remembers stays with that. The name of
    either is what the mutant does. `quote` tells the broken sentence in the docstring of `of`, by
    default of `method`.
    """
    about = method.fget if isinstance(method, property) else method
    port, _, name = str(getattr(about, "__qualname__", about)).rpartition(".")

    def make(bend: Bend) -> Mutant:
        fresh = cast("Callable[..., Bend]", bend) if isinstance(bend, type) else lambda: bend
        return Mutant(
            name=bend.__name__.replace("_", " "),
            port=port,
            method=name,
            promise=Promise(of or method, quote),
            bend=fresh,
            fits=fits,
            seen_by=seen_by,
            knows=knows,
        )

    return make


def mutants_in(*modules: ModuleType) -> Sequence[Mutant]:
    """List the mutants of some modules, in the order in which they stand there."""
    return [value for module in modules for value in _values(module) if isinstance(value, Mutant)]


def _values(module: ModuleType) -> Iterator[object]:
    yield from vars(module).values()


def _passed_on(adapter: object, name: str) -> property:
    return property(lambda _: getattr(adapter, name))
