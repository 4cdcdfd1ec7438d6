"""Who hears what an adapter tells: in answers and errors, in the log, and on the screen."""

import logging
import re
from collections.abc import Iterable, Iterator
from traceback import format_exception

import pytest

from petiole.core.domain.message import Message

SHORTEST_CHARACTERS = 4
"""Less of a person is found everywhere: 1 is in every address."""


class Witness:
    """Hears what is logged, at any level, and what is written to stdout and stderr."""

    def __init__(self, log: pytest.LogCaptureFixture, output: pytest.CaptureFixture[str]) -> None:
        log.set_level(logging.DEBUG)
        self._log = log
        self._output = output

    def heard(self, told: object) -> str:
        """Write down what was told, an answer or an error, and what was heard besides."""
        words = spelled_out(told) if isinstance(told, BaseException) else repr(told)
        records = [str(vars(record)) for record in self._log.records]
        return "\n".join([words, self._log.text, *records, *self._output.readouterr()])


class WitnessedContract:
    """A suite with a witness."""

    @pytest.fixture
    def witness(
        self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> Witness:
        return Witness(caplog, capfd)


def spelled_out(error: BaseException) -> str:
    """Write down all that an error holds, and the errors behind it."""
    traces = "".join(format_exception(error))
    return "\n".join([traces, *(f"{each!r} {each.args} {vars(each)}" for each in _chain(error))])


def found_of(people: Iterable[Message], text: str) -> list[str]:
    """List what a text tells of people: their identifiers, and the values of their fields."""
    delicate = [
        str(value)
        for message in people
        for value in (message.change.identifier.value, *message.change.fields.values().values())
    ]
    return [
        value
        for value in delicate
        if len(value) >= SHORTEST_CHARACTERS
        and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text)
    ]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
