"""The order in which the changes of a profile reach the platform, whatever people decide."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.dead_letter import Decision
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Message, MessageId, MessageState
from petiole.core.domain.report import ACCEPTED, DeliveryReport, Outcome, Rejected
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import Ambiguous
from tests.core.delivery.stage import Stage
from tests.core.profiles import change, scope

PEOPLE = 3
LANES = ("batch", "realtime")


@dataclass
class Moody:
    """Takes, refuses or leaves in doubt, and keeps the order in which messages came."""

    random: Random
    sent: defaultdict[Identifier, list[MessageId]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Answer by mood."""
        for message in messages:
            self.sent[message.change.identifier].append(message.id)
        if self.random.random() < 0.2:
            raise Ambiguous("cut off")
        return DeliveryReport({message.id: self._outcome() for message in messages})

    def _outcome(self) -> Outcome:
        return Rejected("105", "no") if self.random.random() < 0.4 else ACCEPTED


def a_stage(random: Random, *, hold_dead: bool) -> tuple[Stage, Moody]:
    stage, sink = Stage(), Moody(random)
    for lane in LANES:
        stage.serve(sink, lane)
        stage.set(
            lane,
            batching=BatchPolicy(max_profiles=2),
            ambiguity=AmbiguityPolicy.PARK,
            hold_dead=hold_dead,
            max_in_flight=2,
        )
    return stage, sink


def enqueue_some(stage: Stage, random: Random) -> None:
    stage.enqueue_changes(
        change(random.randint(1, PEOPLE), within=scope(random.choice(LANES)))
        for _ in range(random.randint(1, 6))
    )


def pending(stage: Stage, who: Identifier) -> set[MessageId]:
    rows = stage.state.rows.values()
    return {
        row.id for row in rows if row.state is MessageState.PENDING and row.change.identifier == who
    }


@given(seed=st.integers(0, 2**32), hold_dead=st.booleans())
@settings(max_examples=60)
def test_changes_of_a_profile_are_first_sent_in_the_order_of_enqueueing(
    seed: int,
    hold_dead: bool,  # noqa: FBT001 - hypothesis hands it in
) -> None:
    random = Random(seed)
    stage, sink = a_stage(random, hold_dead=hold_dead)

    for _ in range(6):
        enqueue_some(stage, random)
        stage.drain(flush=random.random() < 0.7)
        state = random.choice([MessageState.DEAD, MessageState.PARKED])
        stage.decide(random.choice(list(Decision)), state)

    for sent in sink.sent.values():
        first_sent = list(dict.fromkeys(sent))
        assert first_sent == sorted(first_sent)


@given(seed=st.integers(0, 2**32), hold_dead=st.booleans())
@settings(max_examples=60)
def test_redriven_change_is_sent_before_all_later_ones_that_wait(
    seed: int,
    hold_dead: bool,  # noqa: FBT001 - hypothesis hands it in
) -> None:
    random = Random(seed)
    stage, sink = a_stage(random, hold_dead=hold_dead)
    enqueue_some(stage, random)
    stage.drain(flush=True)
    enqueue_some(stage, random)

    stage.decide(Decision.RESEND)
    waiting = {who: pending(stage, who) for who in list(sink.sent)}
    sink.sent.clear()
    stage.drain(flush=True)

    for who, sent in sink.sent.items():
        left = [id_ for id_ in sent if id_ in waiting.get(who, ())]
        assert all(earlier < later for earlier, later in pairwise(left))
