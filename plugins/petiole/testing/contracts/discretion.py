"""What every sink promises to keep to itself."""

from collections.abc import Sequence

import pytest

from petiole.core.domain.message import Message
from petiole.core.domain.report import DeliveryReport, Rejected
from petiole.core.errors import DeliveryError
from petiole.core.exchange import LONGEST_CHARACTERS, Exchange
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.changes import change, messages
from petiole.testing.contracts.troubles import TroubledContract, meets
from petiole.testing.contracts.witness import Witness, WitnessedContract, found_of
from petiole.testing.promises import keeps
from petiole.testing.stands import SinkStand, Trouble

FIRST = 987_654_321


def people(stand: SinkStand) -> list[Message]:
    """Two whom nobody mistakes for anything else, or one where a call takes one only."""
    some = [stand.identifier(FIRST + number) for number in range(min(2, stand.ceiling))]
    return messages(
        change(who, fields={"firstname": f"Sanneke {who.value}", "city": "Appelscha"})
        for who in some
    )


def delivered(sink: ProfileSink, sent: Sequence[Message]) -> DeliveryReport | DeliveryError:
    """Deliver, and return what the sink tells of it."""
    try:
        return sink.deliver(sent)
    except DeliveryError as error:
        return error


class DiscretionContract(WitnessedContract, TroubledContract):
    """No secret, and nothing of a person, in what a sink tells, logs or prints."""

    @keeps(ProfileSink, "tells what it answered")
    @keeps(Exchange, "neither half holds a secret or a person's data")
    def test_success_tells_nothing_of_people(self, stand: SinkStand, witness: Witness) -> None:
        sent = people(stand)

        heard = witness.heard(stand.sink.deliver(sent))

        assert found_of(sent, heard) == []

    @keeps(ProfileSink, "tells what it answered")
    @keeps(Exchange, "neither half holds a secret or a person's data")
    @meets(*Trouble)
    def test_trouble_tells_nothing_of_people(
        self, stand: SinkStand, witness: Witness, trouble: Trouble
    ) -> None:
        sent = people(stand)
        stand.meet(trouble)

        heard = witness.heard(delivered(stand.sink, sent))

        assert found_of(sent, heard) == []

    @keeps(ProfileSink, "tells what it answered")
    @keeps(Exchange, "neither half holds a secret or a person's data")
    def test_refusal_tells_nothing_of_people(self, stand: SinkStand, witness: Witness) -> None:
        sent = people(stand)
        stand.reject(sent[0].change.identifier)

        report = stand.sink.deliver(sent)

        assert isinstance(report.outcomes[sent[0].id], Rejected)
        assert found_of(sent, witness.heard(report)) == []

    @keeps(Exchange, "neither half holds a secret")
    @pytest.mark.usefixtures("named_secret")
    def test_success_tells_no_secret(self, stand: SinkStand, witness: Witness, secret: str) -> None:
        heard = witness.heard(stand.sink.deliver(people(stand)))

        assert secret not in heard

    @keeps(Exchange, "neither half holds a secret")
    @pytest.mark.usefixtures("named_secret")
    @meets(*Trouble)
    def test_trouble_tells_no_secret(
        self, stand: SinkStand, witness: Witness, secret: str, trouble: Trouble
    ) -> None:
        stand.meet(trouble)

        heard = witness.heard(delivered(stand.sink, people(stand)))

        assert secret not in heard

    @keeps(Exchange, "neither half holds a secret")
    @pytest.mark.usefixtures("named_secret")
    def test_refusal_tells_no_secret(self, stand: SinkStand, witness: Witness, secret: str) -> None:
        sent = people(stand)
        stand.reject(sent[0].change.identifier)

        report = stand.sink.deliver(sent)

        assert isinstance(report.outcomes[sent[0].id], Rejected)
        assert secret not in witness.heard(report)

    @keeps(Exchange, "neither is longer than")
    @meets(None, *Trouble)
    def test_record_of_a_call_is_short(self, stand: SinkStand, trouble: Trouble | None) -> None:
        if trouble:
            stand.meet(trouble)

        exchange = delivered(stand.sink, people(stand)).exchange

        if exchange:
            assert max(len(exchange.request), len(exchange.answer)) <= LONGEST_CHARACTERS
