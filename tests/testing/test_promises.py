"""Every sentence of a port's docstring has its test, and every quote its sentence."""

from collections.abc import Iterator
from inspect import isfunction

import pytest

from petiole.core.ports.audience import Audience
from petiole.core.ports.bell import Bell
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.campaign_source import CampaignSource
from petiole.core.ports.clock import Clock
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.dead_letters import DeadLetters
from petiole.core.ports.engagement_receiver import EngagementReceiver
from petiole.core.ports.engagement_source import EngagementSource
from petiole.core.ports.engagements import EngagementBooks, Engagements
from petiole.core.ports.history import History
from petiole.core.ports.ledger import Comparison, Entering, Ledger
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink, VerifyingSink
from petiole.testing.promises import Promise, keeps, promises_in, promises_of, sentences
from petiole.testing.zoo.habitats import HABITATS

PORTS = (
    ProfileSink,
    VerifyingSink,
    CampaignSource,
    Audience,
    Clock,
    Outbox,
    Ledger,
    Comparison,
    Entering,
    ConnectionStates,
    Bookkeeping,
    DeadLetters,
    EngagementBooks,
    EngagementReceiver,
    EngagementSource,
    Engagements,
    History,
    Bell,
)
KEPT = [promise for habitat in HABITATS for _, promise in promises_in(habitat.suite)]
BROKEN = [mutant.promise for habitat in HABITATS for mutant in habitat.mutants]

COST = "no timing in a suite: the query plans are looked at in tests/adapters/sqlite"
PERMISSION = "it allows something, so that nothing can break it"
UNTESTABLE = {
    Promise(Bell, "A ring may get lost"): PERMISSION,
    Promise(Bell.listen, "Many rings may come as one"): PERMISSION,
    Promise(Bookkeeping, "never blocks a runner"): COST,
    Promise(Clock, "Waiting is done where results arrive"): "it points to another port",
    Promise(ConnectionStates.change, "`by` names the person"): "no port reads it back",
    Promise(EngagementReceiver.admits, "Takes the same time"): "no timing in a suite",
    Promise(EngagementBooks, "reads only"): "no port tells that something was written",
    Promise(Entering.part, "may come last"): PERMISSION,
    Promise(History.life, "Costs what the profile's own changes cost"): COST,
    Promise(Outbox.claim, "Costs O(batch)"): COST,
}


def documented(port: type) -> Iterator[object]:
    """A port, and what it declares."""
    yield port
    for name, part in vars(port).items():
        if not name.startswith("_") and (isfunction(part) or isinstance(part, property)):
            yield part


def told() -> Iterator[Promise]:
    """Every sentence of every port."""
    for port in PORTS:
        for subject in documented(port):
            for sentence in sentences(subject):
                yield Promise(subject, sentence)


def is_about(promise: Promise, sentence: Promise) -> bool:
    return promise.subject is sentence.subject and promise.quotes(sentence.quote)


@pytest.mark.parametrize("sentence", list(told()), ids=str)
def test_sentence_has_its_test(sentence: Promise) -> None:
    assert any(is_about(promise, sentence) for promise in [*KEPT, *UNTESTABLE])


@pytest.mark.parametrize("promise", list(UNTESTABLE), ids=str)
def test_sentence_that_no_test_keeps_is_one(promise: Promise) -> None:
    assert not any(is_about(kept, Promise(promise.subject, promise.sentence)) for kept in KEPT)


@pytest.mark.parametrize("promise", list(dict.fromkeys([*KEPT, *BROKEN, *UNTESTABLE])), ids=str)
def test_quote_tells_one_sentence_from_the_others(promise: Promise) -> None:
    quoted = [sentence for sentence in sentences(promise.subject) if promise.quotes(sentence)]

    assert len(quoted) == 1


def test_every_test_of_a_suite_keeps_something() -> None:
    tests = {
        f"{part.__name__}.{name}": test
        for habitat in HABITATS
        for part in habitat.suite.__mro__
        for name, test in vars(part).items()
        if name.startswith("test_")
    }

    assert [name for name, test in tests.items() if not promises_of(test)] == []


class Drawer:
    """Holds things. Never
    loses one.

    It may be full; then it says so.

    Returns:
        the number of things that
        are in it.

    Raises:
        KeyError: there is no key. Ask
            for one.
        ValueError: too large.
    """


def test_docstring_is_taken_apart_by_sentence_and_by_entry() -> None:
    assert sentences(Drawer) == [
        "Holds things.",
        "Never loses one.",
        "It may be full; then it says so.",
        "the number of things that are in it.",
        "KeyError: there is no key.",
        "Ask for one.",
        "ValueError: too large.",
    ]


def test_overridden_test_keeps_what_it_kept_before() -> None:
    class Suite:
        @keeps(Drawer, "Never loses one", "Holds things")
        def test_it(self) -> None: ...

    class Own(Suite):
        def test_it(self) -> None: ...

    assert [(name, promise.quote) for name, promise in promises_in(Own)] == [
        ("test_it", "Never loses one"),
        ("test_it", "Holds things"),
    ]


def test_reference_names_what_is_documented() -> None:
    assert str(Promise(Audience.name, "What to call it")) == "Audience.name: “What to call it”"
