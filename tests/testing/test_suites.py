"""The suites, run by authors who forgot something, or whose platform is of a rare but good kind."""

from pathlib import Path

import pytest

from tests.testing.runs import run_pytest

SUITES = [
    "AudienceContract",
    "CampaignSourceContract",
    "ClockContract",
    "EngagementReceiverContract",
    "EngagementSourceContract",
    "OutboxContract",
    "ProfileSinkContract",
    "VerifyingSinkContract",
]


@pytest.mark.parametrize("suite", SUITES)
def test_suite_without_an_adapter_says_so_once(tmp_path: Path, suite: str) -> None:
    module = f"from petiole.testing import {suite}\nclass TestMine({suite}): pass\n"
    (tmp_path / "test_mine.py").write_text(module, encoding="utf-8")

    run = run_pytest("-q", folder=tmp_path)

    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "TestMine: override the fixture" in run.stdout
    assert run.stdout.count("\nERROR ") == 1, run.stdout


IDEMPOTENT = """
import pytest
from petiole.core import ACCEPTED, ChangeKind, DeliveryReport, Identifier, Rejected
from petiole.testing import ProfileSinkContract


class Platform:
    # Takes one message a call, and each idempotency key once.
    ceiling = 1

    def __init__(self):
        self.calls = 0
        self.keys = set()
        self.refused = set()
        self.people = {}

    def put(self, key, change):
        self.calls += 1
        if change.identifier in self.refused:
            return Rejected("E7", "not wanted")
        who = (change.scope.segment, change.identifier)
        if key in self.keys:
            return ACCEPTED
        self.keys.add(key)
        if change.kind is ChangeKind.REMOVE:
            self.people.pop(who, None)
        else:
            self.people[who] = {**self.people.get(who, {}), **change.fields.values()}
        return ACCEPTED

    def identifier(self, number):
        return Identifier.customer_id(str(number))

    def held(self, segment):
        return {who: fields for (where, who), fields in self.people.items() if where == segment}

    def reject(self, identifier):
        self.refused.add(identifier)


class Sink:
    def __init__(self, platform):
        self.platform = platform

    def deliver(self, messages):
        return DeliveryReport(
            {m.id: self.platform.put(f"petiole-{m.id}", m.change) for m in messages}
        )


class TestIdempotent(ProfileSinkContract):
    troubles = ()

    @pytest.fixture
    def platform(self):
        return Platform()

    @pytest.fixture
    def sink(self, platform):
        return Sink(platform)
"""


@pytest.mark.parametrize("options", [[], ["--petiole-mutants"]])
def test_sink_with_idempotency_keys_keeps_its_promises(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "test_idempotent.py").write_text(IDEMPOTENT, encoding="utf-8")

    run = run_pytest("-q", *options, folder=tmp_path)

    assert run.returncode == pytest.ExitCode.OK, run.stdout
