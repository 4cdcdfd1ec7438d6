"""Hints: what a code means, and what sending again would do in its lane."""

import re
from collections.abc import Mapping

import httpx
import pytest

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.faults import of_answer
from petiole.adapters.canopydeploy.hints import batch_hint, realtime_hint
from tests.adapters.canopydeploy.made import MOMENT
from tests.repository import ROOT

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


def documented() -> Mapping[int, tuple[str, str]]:
    """Read from the page which status has which code and which category."""
    page = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| status ([\d, ]+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    return {
        int(status): (status.strip() if code == "the number" else code.strip("`"), category)
        for statuses, code, category in rows
        for status in statuses.split(",")
    }


@pytest.mark.parametrize("status", [401, 403, 408, 500, 502, 503, 504])
def test_status_has_the_code_and_the_category_that_the_page_names(status: int) -> None:
    code, category = documented()[status]
    answer = Answer(status=status, headers=httpx.Headers(), body=b"")

    error = of_answer(answer, quota=None, now=MOMENT, clean=str)

    assert error.code == code
    assert category in {code, batch_hint(code, error.reason).partition(":")[0]}


def test_unknown_code_has_no_hint() -> None:
    assert (batch_hint("999", "?"), realtime_hint("999", "?")) == ("", "")
