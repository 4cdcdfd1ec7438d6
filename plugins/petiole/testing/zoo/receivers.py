"""Broken receivers of engagements."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from petiole.core.ports.engagement_receiver import (
    EngagementReceiver,
    InboundAnswer,
    InboundCall,
    InboundRoute,
    Received,
)
from petiole.testing.zoo.mutant import breaks


@breaks(EngagementReceiver.receive, "Read a call that was admitted")
def takes_in_nothing(receiver: EngagementReceiver, call: InboundCall) -> Received:
    return replace(receiver.receive(call), engagements=())


@breaks(EngagementReceiver.receive, "Reads what a platform pushes", of=EngagementReceiver)
def answers_no_to_what_it_takes(receiver: EngagementReceiver, call: InboundCall) -> Received:
    return replace(receiver.receive(call), answer=InboundAnswer(status=500))


@breaks(EngagementReceiver.receive, "Called from several threads at once", of=EngagementReceiver)
class mixes_callers_up:
    def __init__(self) -> None:
        self.before: Received | None = None

    def __call__(self, receiver: EngagementReceiver, call: InboundCall) -> Received:
        received = receiver.receive(call)
        mixed, self.before = self.before or received, received
        return mixed


@breaks(EngagementReceiver.routes, "Name the calls that it takes")
def names_another_route(receiver: EngagementReceiver) -> Sequence[InboundRoute]:
    return [replace(route, path=f"/other{route.path}") for route in receiver.routes()]


@breaks(EngagementReceiver.routes, "Name the calls that it takes")
def names_another_method(receiver: EngagementReceiver) -> Sequence[InboundRoute]:
    return [replace(route, method="GET") for route in receiver.routes()]


@breaks(EngagementReceiver.admits, "an answer turns away", seen_by="test_stranger_is_turned_away")
def lets_everybody_in(receiver: EngagementReceiver, headers: Mapping[str, str]) -> None:
    receiver.admits(headers)


@breaks(EngagementReceiver.admits, "`None` lets in", seen_by="test_platform_is_let_in")
def lets_nobody_in(receiver: EngagementReceiver, headers: Mapping[str, str]) -> InboundAnswer:
    return receiver.admits(headers) or InboundAnswer(status=403)


@breaks(
    EngagementReceiver.receive,
    "What cannot be read becomes refused",
    seen_by="test_what_cannot_be_read_is_refused",
)
def forgets_what_it_cannot_read(receiver: EngagementReceiver, call: InboundCall) -> Received:
    return replace(receiver.receive(call), refused=())


@breaks(EngagementReceiver.receive, "never raises", seen_by="test_what_cannot_be_read_is_refused")
def raises_at_what_it_cannot_read(receiver: EngagementReceiver, call: InboundCall) -> Received:
    received = receiver.receive(call)
    if received.refused:
        raise ValueError("this cannot be read")
    return received


@breaks(
    EngagementReceiver.receive,
    "What cannot be read becomes refused",
    seen_by="test_what_cannot_be_read_is_refused",
)
def answers_yes_to_what_it_cannot_read(receiver: EngagementReceiver, call: InboundCall) -> Received:
    return replace(receiver.receive(call), answer=InboundAnswer(status=200))


@breaks(
    EngagementReceiver.receive,
    "with a reason that repeats nothing of it",
    seen_by="test_reason_repeats_nothing",
)
def repeats_what_it_cannot_read(receiver: EngagementReceiver, call: InboundCall) -> Received:
    received = receiver.receive(call)
    told = f"{call.path} {call.query} {call.body.decode(errors='replace')}"
    return replace(received, refused=[replace(each, reason=told) for each in received.refused])


@breaks(EngagementReceiver.receive, "stores nothing itself")
class reads_each_call_once:
    def __init__(self) -> None:
        self.read: set[bytes] = set()

    def __call__(self, receiver: EngagementReceiver, call: InboundCall) -> Received:
        received = receiver.receive(call)
        if call.body in self.read:
            return replace(received, engagements=())
        self.read.add(call.body)
        return received
