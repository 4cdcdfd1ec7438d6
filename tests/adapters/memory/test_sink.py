"""A platform in memory does as it was told."""

from datetime import timedelta

import pytest

from petiole.adapters.memory import MemorySink, VerifyingMemorySink
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.report import ACCEPTED, Deferred, Rejected
from petiole.core.errors import Ambiguous, Unavailable
from petiole.testing.changes import MOMENT, change, messages, person, scope

REJECTED = Rejected("105", "unknown field")
DEFERRED = Deferred(MOMENT + timedelta(days=1), "daily quota")


def test_scripted_answers_are_given_until_they_are_taken_back() -> None:
    sink = MemorySink()
    sent = messages([change(1), change(2), change(3)])
    sink.answer(person(1), REJECTED)
    sink.answer(person(2), DEFERRED)

    first = sink.deliver(sent)
    sink.answer(person(1), ACCEPTED)
    second = sink.deliver(sent)

    assert list(first.outcomes.values()) == [REJECTED, DEFERRED, ACCEPTED]
    assert list(second.outcomes.values()) == [ACCEPTED, DEFERRED, ACCEPTED]


def test_only_the_scripted_call_fails() -> None:
    sink = MemorySink()
    sent = messages([change(1)])
    sink.fail(2, Unavailable("down"))

    sink.deliver(sent)
    with pytest.raises(Unavailable):
        sink.deliver(sent)
    sink.deliver(sent)

    assert sink.calls == len(sink.deliveries) == 3


def test_failed_call_takes_over_only_what_it_was_told_to() -> None:
    sink = MemorySink()
    sink.fail(1, Ambiguous("no answer"), applied=True)
    sink.fail(2, Ambiguous("no answer"))

    for number in (1, 2):
        with pytest.raises(Ambiguous):
            sink.deliver(messages([change(number)]))

    assert {identifier for _, identifier in sink.profiles} == {person(1)}


def test_partial_update_is_read_back_by_what_it_names() -> None:
    sink = VerifyingMemorySink()
    sink.deliver(messages([change(1, fields={"a": 1, "b": 1})]))
    matching, differing = messages(
        [change(1, ChangeKind.UPDATE, {"b": 1}), change(1, ChangeKind.UPDATE, {"b": 2})]
    )

    report = sink.verify([matching, differing])

    assert dict(report.outcomes) == {matching.id: ACCEPTED}


def test_profiles_are_held_per_segment() -> None:
    sink = MemorySink()

    sink.deliver(messages([change(1), change(1, within=scope(segment="4712"))]))

    assert {segment for segment, _ in sink.profiles} == {"4711", "4712"}
