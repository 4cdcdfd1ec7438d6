"""What every sink promises to keep to itself."""

from collections.abc import Sequence
from traceback import format_exception

import pytest

from petiole.core.domain.message import Message
from petiole.core.domain.report import Rejected
from petiole.core.errors import DeliveryError
from petiole.core.exchange import LONGEST_CHARACTERS, Exchange
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.changes import change, messages
from petiole.testing.contracts.sink import additions
from petiole.testing.promises import keeps
from petiole.testing.stands import SinkStand, Trouble


def recorded(sink: ProfileSink, sent: Sequence[Message]) -> Exchange | None:
    """Deliver, and return the record of the call, if the sink keeps one."""
    try:
        return sink.deliver(sent).exchange
    except DeliveryError as error:
        return error.exchange


class DiscretionContract:
    """No secret, and nothing of a person, in what a sink tells."""

    @keeps(ProfileSink, "tells what it answered")
    def test_refusal_repeats_no_identifier(self, stand: SinkStand) -> None:
        culprit = messages([change(stand.identifier(987654321))])
        stand.reject(culprit[0].change.identifier)

        outcome = stand.sink.deliver(culprit).outcomes[culprit[0].id]

        assert isinstance(outcome, Rejected)
        assert culprit[0].change.identifier.value not in f"{outcome.code} {outcome.reason}"

    @keeps(Exchange, "neither half holds a secret or a person's data", "neither is longer than")
    @pytest.mark.parametrize("trouble", [None, *Trouble])
    def test_record_of_a_call_tells_nothing_of_people(
        self, stand: SinkStand, trouble: Trouble | None
    ) -> None:
        sent = additions(stand)
        if trouble:
            stand.meet(trouble)

        exchange = recorded(stand.sink, sent)

        if exchange is None:
            pytest.skip("the sink keeps no record of its calls")
        text = f"{exchange.request}\n{exchange.answer}"
        people = [str(value) for each in sent for value in each.change.fields.values().values()]
        assert [value for value in people if value in text] == []
        assert max(len(exchange.request), len(exchange.answer)) <= LONGEST_CHARACTERS

    @keeps(Exchange, "neither half holds a secret")
    @pytest.mark.parametrize("trouble", [None, *Trouble])
    def test_secret_is_not_told(
        self, stand: SinkStand, secret: str, trouble: Trouble | None
    ) -> None:
        if not secret:
            pytest.skip("override the fixture `secret` with the one that the adapter was given")
        sent = additions(stand)
        if trouble:
            stand.meet(trouble)

        try:
            told = repr(stand.sink.deliver(sent))
        except DeliveryError as error:
            told = f"{''.join(format_exception(error))} {vars(error)}"

        assert secret not in told
