"""Broken sinks: what they do to that which they send."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Message
from petiole.core.domain.report import ACCEPTED, DeliveryReport, Rejected
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.contracts.content import takes_spellings
from petiole.testing.zoo.mutant import breaks
from petiole.testing.zoo.sinks import takes_several, told

if TYPE_CHECKING:
    from petiole.testing.stands import SinkStand

Messages = Sequence[Message]
Values = Mapping[str, JsonValue]

careless = partial(breaks, ProfileSink.deliver, "Delivers messages to a platform", of=ProfileSink)


@careless(fits=takes_several, seen_by="test_call_may_hold_changes_of_every_kind")
def treats_all_as_it_treats_the_first(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    kind = messages[0].change.kind
    return sink.deliver([replace(m, change=replace(m.change, kind=kind)) for m in messages])


@careless(fits=takes_several, seen_by="test_call_may_hold_changes_of_several_segments")
def puts_all_where_the_first_belongs(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    scope = messages[0].change.scope
    return sink.deliver([replace(m, change=replace(m.change, scope=scope)) for m in messages])


@breaks(
    ProfileSink.deliver,
    "tells what it answered",
    of=ProfileSink,
    fits=takes_several,
    seen_by="test_every_refused_profile_is_rejected",
)
def tells_of_the_first_refusal_only(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    refused = [id_ for id_, outcome in report.outcomes.items() if isinstance(outcome, Rejected)]
    return told(report, {**report.outcomes, **dict.fromkeys(refused[1:], ACCEPTED)})


class _SpoilsValues:
    """Sends other values, and does no harm where all would stay as they are."""

    def __init__(self, values: Values, *, spoil: Callable[[Values], Values]) -> None:
        if Fields.of(spoil(values)) == Fields.of(values):
            pytest.skip("it would change none of `values`")
        self.spoil = spoil

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        return sink.deliver([self._spoilt(message) for message in messages])

    def _spoilt(self, message: Message) -> Message:
        fields = Fields.of(self.spoil(message.change.fields.values()))
        return replace(message, change=replace(message.change, fields=fields))


class _SpoilsIdentifiers:
    """Sends other identifiers, and does no harm where all would stay as they are."""

    def __init__(self, spellings: Sequence[str], *, spoil: Callable[[str], str]) -> None:
        if all(spoil(spelling) == spelling for spelling in spellings):
            pytest.skip("it would change none of `spellings`")
        self.spoil = spoil

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        return sink.deliver([self._spoilt(message) for message in messages])

    def _spoilt(self, message: Message) -> Message:
        was = message.change.identifier
        now = Identifier(was.type, self.spoil(was.value))
        return replace(message, change=replace(message.change, identifier=now))


spoils_values = partial(careless, knows="values", seen_by="test_fields_arrive_as_they_were_sent")
spoils_identifiers = partial(
    careless,
    knows="spellings",
    fits=lambda stand: takes_spellings(cast("SinkStand", stand)),
    seen_by="test_identifiers_arrive_as_they_were_sent",
)


@spoils_values()
class makes_text_of_every_value(_SpoilsValues):
    def __init__(self, values: Values) -> None:
        super().__init__(values, spoil=lambda v: {name: str(value) for name, value in v.items()})


@spoils_values()
class makes_text_of_lists_and_objects(_SpoilsValues):
    def __init__(self, values: Values) -> None:
        super().__init__(
            values,
            spoil=lambda v: {
                name: json.dumps(value) if isinstance(value, list | dict) else value
                for name, value in v.items()
            },
        )


@spoils_values()
class leaves_empty_values_out(_SpoilsValues):
    def __init__(self, values: Values) -> None:
        super().__init__(
            values, spoil=lambda v: {name: value for name, value in v.items() if value}
        )


@spoils_values()
class leaves_null_out(_SpoilsValues):
    def __init__(self, values: Values) -> None:
        super().__init__(
            values,
            spoil=lambda v: {name: value for name, value in v.items() if value is not None},
        )


@spoils_identifiers()
class lowers_identifiers(_SpoilsIdentifiers):
    def __init__(self, spellings: Sequence[str]) -> None:
        super().__init__(spellings, spoil=str.lower)


@spoils_identifiers()
class takes_blanks_out_of_identifiers(_SpoilsIdentifiers):
    def __init__(self, spellings: Sequence[str]) -> None:
        super().__init__(spellings, spoil=lambda value: value.replace(" ", ""))


@spoils_identifiers()
class reads_identifiers_as_numbers(_SpoilsIdentifiers):
    def __init__(self, spellings: Sequence[str]) -> None:
        super().__init__(
            spellings, spoil=lambda value: str(int(value)) if value.isdecimal() else value
        )
