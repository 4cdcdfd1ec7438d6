"""What every sink promises about profiles that the platform refuses."""

from petiole.core.domain.report import ACCEPTED, Rejected
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.changes import change, messages
from petiole.testing.contracts.sink import SEGMENT, additions, deliver_all
from petiole.testing.promises import keeps
from petiole.testing.stands import SinkStand


class RefusalContract:
    """`ProfileSink.deliver` where the platform takes some and refuses others."""

    @keeps(ProfileSink, "tells what it answered")
    def test_refused_profile_is_the_only_one_rejected(self, stand: SinkStand) -> None:
        sent = additions(stand)
        culprit = sent[len(sent) // 2]
        stand.reject(culprit.change.identifier)

        report = stand.sink.deliver(sent)

        outcome = report.outcomes[culprit.id]
        assert isinstance(outcome, Rejected)
        assert outcome.code.strip()
        assert outcome.reason.strip()
        others = [report.outcomes[message.id] for message in sent if message is not culprit]
        assert others == [ACCEPTED] * (len(sent) - 1)
        assert culprit.change.identifier not in stand.held(SEGMENT)

    @keeps(ProfileSink, "tells what it answered")
    def test_every_refused_profile_is_rejected(self, stand: SinkStand) -> None:
        *culprits, taken = messages(change(stand.identifier(number)) for number in range(1, 4))
        for culprit in culprits:
            stand.reject(culprit.change.identifier)

        outcomes = deliver_all(stand, [*culprits, taken])

        assert outcomes[taken.id] == ACCEPTED
        assert [type(outcomes[culprit.id]) for culprit in culprits] == [Rejected, Rejected]
        assert set(stand.held(SEGMENT)) == {taken.change.identifier}
