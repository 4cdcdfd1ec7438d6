"""Broken sinks that tell what they should keep to themselves."""

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from petiole.core.domain.message import Message
from petiole.core.domain.report import DeliveryReport, Rejected
from petiole.core.errors import DeliveryError
from petiole.core.exchange import LONGEST_CHARACTERS, Exchange
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.zoo.mutant import breaks
from petiole.testing.zoo.sinks import told

Messages = Sequence[Message]
_LOG = logging.getLogger("petiole.testing.zoo")

about_a_secret = partial(
    breaks, ProfileSink.deliver, "neither half holds a secret", of=Exchange, knows="secret"
)
about_people = partial(breaks, ProfileSink.deliver, "tells what it answered", of=ProfileSink)


def names_of(messages: Messages) -> str:
    """Write down who they are and what is known of them."""
    return " ".join(f"{m.change.identifier.value} {m.change.fields.text}" for m in messages)


def refusing(report: DeliveryReport, say: Callable[[Rejected], str]) -> DeliveryReport:
    """Give other reasons for each refusal."""
    return told(
        report,
        {
            id_: Rejected(outcome.code, say(outcome)) if isinstance(outcome, Rejected) else outcome
            for id_, outcome in report.outcomes.items()
        },
    )


@about_a_secret(seen_by="test_trouble_tells_no_secret")
class leaks_the_token:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        try:
            return sink.deliver(messages)
        except DeliveryError as error:
            error.reason += f" (Authorization: Bearer {self.secret})"
            raise


@about_a_secret(seen_by="test_refusal_tells_no_secret")
class gives_the_token_as_a_reason:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        report = sink.deliver(messages)
        return refusing(report, lambda refusal: f"{refusal.reason} (Bearer {self.secret})")


@about_a_secret(seen_by="test_success_tells_no_secret")
class logs_the_token:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        _LOG.debug("posting with %s", self.secret)
        return sink.deliver(messages)


@about_a_secret(seen_by="test_success_tells_no_secret")
class prints_the_token:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        sys.stderr.write(f"posting with {self.secret}\n")
        return sink.deliver(messages)


@about_a_secret(seen_by="test_success_tells_no_secret")
class writes_the_token_into_the_record:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        report = sink.deliver(messages)
        request = f"POST /receiver?token={self.secret}"
        return replace(report, exchange=Exchange(request=request, answer=""))


@breaks(
    ProfileSink.deliver,
    "or a person's data",
    of=Exchange,
    seen_by="test_success_tells_nothing_of_people",
)
def writes_people_into_the_record(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    return replace(report, exchange=Exchange(request=names_of(messages), answer=""))


@breaks(
    ProfileSink.deliver,
    "neither is longer than",
    of=Exchange,
    seen_by="test_record_of_a_call_is_short[None]",
)
def writes_records_without_end(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    endless = "x" * (LONGEST_CHARACTERS + 1)
    return replace(report, exchange=Exchange(request="", answer=endless))


@about_people(seen_by="test_refusal_tells_nothing_of_people")
def names_the_person_it_refuses(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    who = messages[0].change.identifier.value
    return refusing(report, lambda refusal: f"{refusal.reason} ({who})")


@about_people(seen_by="test_refusal_tells_nothing_of_people")
def quotes_what_it_refuses(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    data = messages[0].change.fields.text
    return refusing(report, lambda refusal: f"{refusal.reason} in {data}")


@about_people(seen_by="test_trouble_tells_nothing_of_people")
def names_people_in_its_errors(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except DeliveryError as error:
        error.reason += f": {names_of(messages)}"
        raise


@about_people(seen_by="test_trouble_tells_nothing_of_people")
def leaves_people_in_the_cause_of_its_errors(
    sink: ProfileSink, messages: Messages
) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except DeliveryError as error:
        raise error from KeyError(messages[0].change.identifier.value)


@about_people(seen_by="test_success_tells_nothing_of_people")
def logs_whom_it_sends(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    _LOG.debug("sending %s", names_of(messages))
    return sink.deliver(messages)
