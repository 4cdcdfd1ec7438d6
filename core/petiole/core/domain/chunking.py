"""Cut a stream into chunks that are bounded in number and in weight, so that memory is, too."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def chunked(
    items: Iterable[Item], *, most: int, heaviest: int, weigh: Callable[[Item], int]
) -> Iterator[list[Item]]:
    """Yield the items in order, in lists of at most `most`.

    A list ends early with the item that brings it to the weight `heaviest`; none is empty.
    """
    chunk: list[Item] = []
    weight = 0
    for item in items:
        chunk.append(item)
        weight += weigh(item)
        if len(chunk) == most or weight >= heaviest:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk
