"""The messages of a claimed batch, read from their rows by whoever first looks at them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

from petiole.adapters.sqlite.row import MessageRow, to_message
from petiole.core.domain.message import Message


class Claimed(Sequence[Message]):
    """The dispatcher's thread claims and settles; what can be done on a worker's is done there.

    Measured by `tests/benchmarks/bench_drain.py`.
    """

    def __init__(self, rows: Sequence[MessageRow]) -> None:
        self._rows = rows

    @cached_property
    def _messages(self) -> list[Message]:
        messages = [to_message(row) for row in self._rows]
        self._rows = ()
        return messages

    def __len__(self) -> int:
        return len(self._rows) or len(self._messages)

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
