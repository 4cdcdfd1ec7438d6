"""Reading an input while what was read of it is being worked on."""

from collections.abc import Generator, Iterator
from typing import Protocol, TypeVar

Page = TypeVar("Page")


class ReadAhead(Protocol):
    """Lets reading go on by itself, from now on. The input is that of a detachable audience."""

    def __call__(self, pages: Iterator[Page], /) -> Generator[Page]:
        """Yield the same pages in the same order; they are values that can be pickled.

        Who closes it reads no further.

        Raises:
            AudienceError: what reading them raises, or they cannot be read to the end.
        """
        ...
