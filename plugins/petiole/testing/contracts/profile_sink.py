"""What every sink promises."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import Message
from petiole.core.domain.report import ACCEPTED, Accepted
from petiole.core.errors import Ambiguous
from petiole.core.ports.profile_sink import ProfileSink, VerifyingSink
from petiole.testing.changes import change, messages
from petiole.testing.contracts.content import ContentContract
from petiole.testing.contracts.discretion import DiscretionContract
from petiole.testing.contracts.refusals import RefusalContract
from petiole.testing.contracts.sink import SEGMENT, SinkContract, additions
from petiole.testing.contracts.sink_troubles import TroubleContract
from petiole.testing.contracts.troubles import ERRORS, meets
from petiole.testing.promises import keeps
from petiole.testing.stands import SinkStand, Trouble

THREADS = 4


class ProfileSinkContract(
    ContentContract, RefusalContract, TroubleContract, DiscretionContract, SinkContract
):
    """`ports.profile_sink`: override `sink` and `platform`, or `stand`, which is both in one.

    Each test gets a fresh platform. `secret`, `troubles`, `values` and `spellings` tell the suite
    more about it.
    """

    @keeps(ProfileSink, "Delivers messages to a platform")
    def test_sink_is_a_sink(self, stand: SinkStand) -> None:
        assert isinstance(stand.sink, ProfileSink)

    @keeps(ProfileSink.deliver, "report on every one of them", "nobody is missing, nobody is added")
    def test_every_message_is_reported_and_none_besides(self, stand: SinkStand) -> None:
        sent = additions(stand)

        report = stand.sink.deliver(sent)

        assert dict(report.outcomes) == {message.id: ACCEPTED for message in sent}

    @keeps(ProfileSink, "Delivers messages to a platform")
    def test_accepted_profiles_are_held_by_the_platform(self, stand: SinkStand) -> None:
        sent = additions(stand)

        stand.sink.deliver(sent)

        assert set(stand.held(SEGMENT)) == {message.change.identifier for message in sent}

    @keeps(ProfileSink.deliver, "holds at most the batch ceiling")
    def test_call_may_be_as_full_as_promised(self, stand: SinkStand) -> None:
        sent = additions(stand, most=stand.ceiling)

        report = stand.sink.deliver(sent)

        assert report.outcomes.keys() == {message.id for message in sent}
        assert len(stand.held(SEGMENT)) == stand.ceiling

    @keeps(ProfileSink.deliver, "in one request")
    def test_messages_go_in_one_request(self, stand: SinkStand) -> None:
        before = stand.calls

        stand.sink.deliver(additions(stand))

        assert stand.calls == before + 1

    @keeps(ProfileSink, "each with its own messages")
    def test_messages_are_left_as_they_are(self, stand: SinkStand) -> None:
        sent = additions(stand)
        before = list(sent)

        stand.sink.deliver(sent)

        assert sent == before

    @keeps(ProfileSink, "Called from several threads at once")
    def test_threads_deliver_at_once(self, stand: SinkStand) -> None:
        sent = messages(change(stand.identifier(number)) for number in range(1, 41))
        size = min(stand.ceiling, 5)
        parts = [sent[start : start + size] for start in range(0, len(sent), size)]

        with ThreadPoolExecutor(THREADS) as pool:
            reports = list(pool.map(stand.sink.deliver, parts))

        assert [set(report.outcomes) for report in reports] == [
            {message.id for message in part} for part in parts
        ]
        assert len(stand.held(SEGMENT)) == len(sent)


class VerifyingSinkContract(ProfileSinkContract):
    """The same for a sink that can read back."""

    @pytest.fixture
    def reader(self, stand: SinkStand) -> VerifyingSink:
        assert isinstance(stand.sink, VerifyingSink)
        return stand.sink

    @keeps(VerifyingSink, "can read back what the platform holds")
    @keeps(VerifyingSink.verify, "which messages were applied", "`Accepted` for each that was")
    def test_applied_messages_are_told(self, stand: SinkStand, reader: VerifyingSink) -> None:
        sent = additions(stand)
        self.deliver_in_doubt(stand, sent, Trouble.LOST_ANSWER)

        assert dict(reader.verify(sent).outcomes) == {message.id: ACCEPTED for message in sent}

    @keeps(VerifyingSink.verify, "leaves out each that was not")
    def test_messages_that_were_not_applied_are_left_out(
        self, stand: SinkStand, reader: VerifyingSink
    ) -> None:
        sent = additions(stand)
        self.deliver_in_doubt(stand, sent, Trouble.LOST_REQUEST)

        assert dict(reader.verify(sent).outcomes) == {}

    @keeps(VerifyingSink.verify, "`Accepted` for each that was")
    def test_applied_removal_is_told(self, stand: SinkStand, reader: VerifyingSink) -> None:
        who = stand.identifier(1)
        added, removed = messages([change(who), change(who, ChangeKind.REMOVE)])
        reader.deliver([added])
        self.deliver_in_doubt(stand, [removed], Trouble.LOST_ANSWER)

        assert all(isinstance(o, Accepted) for o in reader.verify([removed]).outcomes.values())

    @keeps(VerifyingSink.verify, "leaves out each that was not")
    def test_removal_that_was_not_applied_is_left_out(
        self, stand: SinkStand, reader: VerifyingSink
    ) -> None:
        who = stand.identifier(1)
        added, removed = messages([change(who), change(who, ChangeKind.REMOVE)])
        reader.deliver([added])
        self.deliver_in_doubt(stand, [removed], Trouble.LOST_REQUEST)

        assert dict(reader.verify([removed]).outcomes) == {}

    @keeps(VerifyingSink.verify, "Changes nothing on the platform")
    def test_reading_back_changes_nothing(self, stand: SinkStand, reader: VerifyingSink) -> None:
        sent = additions(stand)
        self.deliver_in_doubt(stand, sent, Trouble.LOST_ANSWER)
        before = dict(stand.held(SEGMENT))

        reader.verify(sent)

        assert dict(stand.held(SEGMENT)) == before

    @keeps(VerifyingSink.verify, "Raises like `deliver`")
    @meets(Trouble.UNREACHABLE, Trouble.UNAVAILABLE, Trouble.WRONG_SECRET)
    def test_trouble_while_reading_back_is_told_by_its_error(
        self, stand: SinkStand, reader: VerifyingSink, trouble: Trouble
    ) -> None:
        sent = additions(stand)
        self.deliver_in_doubt(stand, sent, Trouble.LOST_ANSWER)
        stand.meet(trouble)

        with pytest.raises(ERRORS[trouble]):
            reader.verify(sent)

    def deliver_in_doubt(self, stand: SinkStand, sent: Sequence[Message], trouble: Trouble) -> None:
        """Deliver without getting an answer."""
        stand.meet(trouble)
        with pytest.raises(Ambiguous):
            stand.sink.deliver(sent)
