"""The bond between a port's docstring and its suite: which test keeps which sentence.

@keeps(ProfileSink.deliver, "nobody is missing, nobody is added")
def test_every_message_is_reported_and_none_besides(self, stand: SinkStand) -> None: ...

A test quotes as much of the sentence as tells it from the others. What no test quotes, or quotes
and is not there, can thus be found.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

_MARK = "_petiole_promises"
_END_OF_SENTENCE = re.compile(r"(?<=[.])\s+(?=[A-Z`\"])")
_ENTRY = re.compile(r" {4}\w+: ")
_SECTION = re.compile(r"(?:Args|Raises|Returns|Yields):")


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence in the docstring of `subject`, quoted in part."""

    subject: object
    quote: str

    @property
    def where(self) -> str:
        """Name whose docstring it is, such as "ProfileSink.deliver"."""
        return str(getattr(_documented(self.subject), "__qualname__", self.subject))

    @property
    def sentence(self) -> str:
        """Find the whole sentence, or give the quote back where no docstring is to be had."""
        return next((whole for whole in sentences(self.subject) if self.quotes(whole)), self.quote)

    def quotes(self, sentence: str) -> bool:
        """Tell whether this is about the sentence."""
        return self.quote in sentence

    def __str__(self) -> str:
        """Read as a reference."""
        return f"{self.where}: “{self.quote}”"


def keeps(subject: object, *quotes: str) -> Callable[[Test], Test]:
    """Mark a test as one that fails where an adapter breaks these sentences."""

    def mark(test: Test) -> Test:
        kept = [Promise(subject, quote) for quote in quotes]
        setattr(test, _MARK, (*promises_of(test), *kept))
        return test

    return mark


def promises_of(test: object) -> Sequence[Promise]:
    """List what a test keeps."""
    found: Sequence[Promise] = getattr(test, _MARK, ())
    return found


def promises_in(suite: type) -> Iterator[tuple[str, Promise]]:
    """List what the tests of a suite keep, each with the test's name.

    A test that was overridden keeps what it kept before.
    """
    for part in suite.__mro__:
        for name, test in vars(part).items():
            for promise in promises_of(test):
                yield name, promise


def sentences(subject: object) -> Sequence[str]:
    """Take the docstring of a class, method or property apart; line breaks are blanks.

    Each entry of a section such as "Raises" is a sentence, or several.
    """
    text = inspect.cleandoc(_documented(subject).__doc__ or "")
    return [
        sentence
        for part in _parts(text.splitlines())
        for sentence in _END_OF_SENTENCE.split(part)
        if sentence
    ]


def _parts(lines: Sequence[str]) -> Iterator[str]:
    """Join lines to paragraphs, and the lines of a section to its entries."""
    part: list[str] = []
    in_section = False
    for line in [*lines, ""]:
        begins_section = _SECTION.fullmatch(line) is not None
        begins_entry = in_section and _ENTRY.match(line) is not None
        if not line.strip() or begins_section or begins_entry:
            yield " ".join(part)
            part = []
        if begins_section:
            in_section = True
        elif line.strip():
            in_section = in_section and line.startswith(" ")
            part.append(line.strip())


def _documented(subject: object) -> object:
    return subject.fget if isinstance(subject, property) else subject
