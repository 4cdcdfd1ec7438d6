"""The twin, and stories that are told to it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from petiole.plugins.canopydeploy.sandbox import running
from tests.crash.story import TOKEN, Lane, Stage, Story
from tests.crash.witness import Twin

SOME = {Lane.BATCH: 40, Lane.CAMPAIGN: 8, Lane.MEMBERSHIP: 8}
"""Profiles; those of the batch lane fill four batches."""


@pytest.fixture
def twin() -> Iterator[Twin]:
    with running(token=TOKEN) as sandbox:
        twin = Twin(sandbox)
        twin.control("settings", {"journal": True})
        yield twin


@pytest.fixture
def stage(tmp_path: Path, twin: Twin) -> Stage:
    def make(lane: Lane, *, max_in_flight: int = 1, profiles: int | None = None) -> Story:
        number = SOME[lane] if profiles is None else profiles
        is_known = lane is Lane.MEMBERSHIP
        names = [new_customer(twin) if is_known else str(11_000 + n) for n in range(number)]
        order_mischief(twin, lane, names[4])
        return Story(
            folder=tmp_path,
            lane=lane,
            urls=twin.urls,
            profiles=names,
            max_in_flight=max_in_flight,
        )

    return make


def order_mischief(twin: Twin, lane: Lane, culprit: str) -> None:
    """Let one call fail in passing, one record be refused, and two memberships be in doubt."""
    if lane is Lane.MEMBERSHIP:
        faults: Sequence[dict[str, object]] = [
            {"fault": "cut-after", "calls": [2, 8]},
            {"fault": "status", "status": 503, "calls": [4]},
            {"fault": "soap-fault", "code": 105, "calls": [6]},
        ]
        rules = [fault | {"contains": "campaign_addMember"} for fault in faults]
    else:
        rules = [
            {"fault": "status", "status": 503, "calls": [3]},
            {"fault": "reject", "identifiers": [culprit], "times": 1},
        ]
    twin.control("faults", {"rules": rules})


def new_customer(twin: Twin) -> str:
    place = urlsplit(twin.urls["rest"])._replace(path="/app/api/rest/public/v2/customer")
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with urlopen(Request(place.geturl(), b"{}", headers)) as answer:
        return str(json.load(answer)["id"])
