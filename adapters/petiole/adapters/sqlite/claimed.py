"""The messages of a claimed batch, made of what was read by whoever first looks at them."""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from petiole.core.domain.message import Message


class Claimed(Sequence[Message]):
    """The dispatcher's thread claims and settles; what can be done on a worker's is done there.

    Measured by `tests/benchmarks/bench_drain.py`.
    """

    def __init__(self, number: int, make: Callable[[], list[Message]]) -> None:
        self._number = number
        self._make: Callable[[], list[Message]] | None = make
        self._made: list[Message] = []

    @property
    def _messages(self) -> list[Message]:
        make = self._make
        if make is not None:  # two threads at once make the same
            self._made = make()
            self._make = None  # and what they are made of is let go
        return self._made

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, place: int) -> Message: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Message]: ...
    def __getitem__(self, place: int | slice) -> Message | Sequence[Message]:
        return self._messages[place]

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._messages == list(other)

    __hash__ = None  # type: ignore[assignment] # a sequence of values, compared like a list

    def __repr__(self) -> str:
        return repr(self._messages)
