"""Hints: what a code means, and what sending again would do in its lane."""

import pytest

from petiole.adapters.canopydeploy.hints import batch_hint, realtime_hint

DOUBTFUL = ["Timeout", "408", "502", "504", "Other error"]


@pytest.mark.parametrize("code", DOUBTFUL)
def test_doubtful_mail_is_told_to_go_out_twice_in_the_realtime_lane(code: str) -> None:
    told = realtime_hint(code, "sent to soap.example.org, but no whole answer came: timed out")

    assert "starts the campaign, and its mail, a second time" in told


@pytest.mark.parametrize("code", DOUBTFUL)
def test_doubtful_profile_is_told_to_change_nothing_in_the_batch_lane(code: str) -> None:
    told = batch_hint(code, "sent to webhook.example.org, but no whole answer came: timed out")

    assert "changes no profile" in told
    assert "mail" not in told


def test_call_without_a_connection_is_told_to_be_unsent() -> None:
    reason = "no connection to soap.example.org: Connection refused"

    assert realtime_hint("Timeout", reason) == batch_hint("Timeout", reason)
    assert "nothing was sent" in batch_hint("Timeout", reason)


def test_refusal_of_our_own_is_told_apart_from_the_platforms() -> None:
    told = batch_hint("Other error", "not sent: the platform field 'status' has the name of a key")

    assert "petiole itself refused it" in told


@pytest.mark.parametrize(
    ("code", "category"),
    [("408", "Timeout"), ("504", "Timeout"), ("500", "Other error"), ("503", "Other error")],
)
def test_category_stands_beside_a_status(code: str, category: str) -> None:
    assert batch_hint(code, "").startswith(f"{category}: ")


def test_unknown_code_has_no_hint() -> None:
    assert (batch_hint("999", "?"), realtime_hint("999", "?")) == ("", "")
