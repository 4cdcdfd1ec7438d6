"""What every sink promises about calls that go wrong."""

import pytest

from petiole.core.domain.report import ACCEPTED
from petiole.core.errors import Throttled
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.contracts.sink import SEGMENT, additions
from petiole.testing.contracts.troubles import ERRORS, TroubledContract, meets
from petiole.testing.promises import keeps
from petiole.testing.stands import RETRY_AFTER, SinkStand, Trouble


class TroubleContract(TroubledContract):
    """`ProfileSink.deliver` where something goes wrong."""

    @keeps(
        ProfileSink.deliver,
        "An answer that cannot be read is no success",
        "Timeout:",
        "Unavailable:",
        "Throttled:",
        "Ambiguous:",
        "InvalidCredentials:",
        "EndpointRefused:",
        "MalformedRequest:",
    )
    @meets(*Trouble, tells_the_rest=True)
    def test_trouble_is_told_by_its_error(self, stand: SinkStand, trouble: Trouble) -> None:
        sent = additions(stand)
        stand.meet(trouble)

        with pytest.raises(ERRORS[trouble]) as told:
            stand.sink.deliver(sent)

        assert told.value.code.strip()
        assert told.value.reason.strip()

    @keeps(ProfileSink, "Never retries on its own")
    @meets(*Trouble)
    def test_nothing_is_tried_twice(self, stand: SinkStand, trouble: Trouble) -> None:
        sent = additions(stand)
        before = stand.calls
        stand.meet(trouble)

        with pytest.raises(ERRORS[trouble]):
            stand.sink.deliver(sent)

        assert stand.calls == before + 1

    @keeps(ProfileSink, "the outbox schedules every try")
    @meets(*Trouble)
    def test_trouble_passes(self, stand: SinkStand, trouble: Trouble) -> None:
        sent = additions(stand)
        stand.meet(trouble)
        with pytest.raises(ERRORS[trouble]):
            stand.sink.deliver(sent)

        report = stand.sink.deliver(sent)

        assert set(report.outcomes.values()) == {ACCEPTED}
        assert set(stand.held(SEGMENT)) == {message.change.identifier for message in sent}

    @keeps(ProfileSink.deliver, "surely nothing was applied")
    @meets(*sorted(set(Trouble) - {Trouble.LOST_ANSWER, Trouble.GIBBERISH}))
    def test_nothing_was_applied(self, stand: SinkStand, trouble: Trouble) -> None:
        sent = additions(stand)
        stand.meet(trouble)

        with pytest.raises(ERRORS[trouble]):
            stand.sink.deliver(sent)

        assert stand.held(SEGMENT) == {}

    @keeps(ProfileSink.deliver, "`retry_after` carries its wish")
    @meets(Trouble.BUSY)
    def test_wish_to_slow_down_is_passed_on(self, stand: SinkStand, trouble: Trouble) -> None:
        stand.meet(trouble)

        with pytest.raises(Throttled) as told:
            stand.sink.deliver(additions(stand))

        assert told.value.retry_after == RETRY_AFTER
