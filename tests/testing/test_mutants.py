"""`pytest --petiole-mutants`, run by authors whose suites are good, careless, lucky or broken."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from petiole.testing.zoo.habitats import HABITATS
from tests.repository import ROOT
from tests.testing.runs import run_pytest

FEWEST_MUTANTS = 25
CAMPAIGN_MUTANTS = 8

CAREFUL = """
import pytest
from petiole.adapters.memory import MemoryCampaigns
from petiole.core.domain.campaign import Campaign
from petiole.testing import CampaignSourceContract, Trouble
from petiole.testing.contracts.troubles import ERRORS


class Stand:
    def __init__(self):
        self.source = MemoryCampaigns()

    def offer(self, campaigns):
        self.source = MemoryCampaigns(Campaign(id_, name) for id_, name in campaigns.items())

    def meet(self, trouble):
        self.source.error = ERRORS[trouble](trouble)


class Campaigns(CampaignSourceContract):
    @pytest.fixture
    def stand(self):
        return Stand()

    @pytest.fixture
    def secret(self):
        return "made-up-token"
"""
AUTHORS = (
    CAREFUL
    + """
class TestCareful(Campaigns):
    pass


class TestLooksAway(Campaigns):
    def test_every_campaign_is_listed_by_name(self, stand):
        assert stand.source


class TestSkips(Campaigns):
    def test_listing_changes_nothing(self, stand):
        pytest.skip("listing costs money")


class TestFailsAnyway(Campaigns):
    def test_account_without_campaigns_lists_none(self, stand):
        assert False


@pytest.mark.skip(reason="not at night")
class TestSkipped(Campaigns):
    pass


class TestOther:
    def test_something_else(self):
        assert True
"""
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Set the mutants on the suites of all these authors."""
    folder = tmp_path_factory.mktemp("authors")
    (folder / "test_authors.py").write_text(AUTHORS, encoding="utf-8")
    return run_pytest("--petiole-mutants", "-q", folder=folder)


def line(run: subprocess.CompletedProcess[str], *words: str) -> list[str]:
    return [line for line in run.stdout.splitlines() if all(word in line for word in words)]


def test_count_is_printed(run: subprocess.CompletedProcess[str]) -> None:
    [count] = re.findall(r"^killed (\d+) of (\d+), (\d+) not tried$", run.stdout, re.MULTILINE)

    assert count == ("20", "23", "17"), run.stdout


def test_progress_ends_where_the_mutants_do(run: subprocess.CompletedProcess[str]) -> None:
    told = run.stdout.partition("= FAILURES =")[0]

    shares = [int(share) for share in re.findall(r"\[ *(\d+)%\]$", told, re.MULTILINE)]

    assert shares == sorted(shares)
    assert shares[-1] == 100


def test_survivor_fails_the_run(run: subprocess.CompletedProcess[str]) -> None:
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert line(run, "survived:", "TestLooksAway[lists campaigns by id]")


def test_survivor_is_told_with_the_sentence_and_the_test(
    run: subprocess.CompletedProcess[str],
) -> None:
    told = run.stdout.partition("_ TestLooksAway[lists campaigns by id] _")[2]

    assert "List every campaign that can be sent to, sorted by name;" in told
    assert "\n    test_every_campaign_is_listed_by_name\n" in told


def test_careful_suite_kills_every_mutant(run: subprocess.CompletedProcess[str]) -> None:
    assert "TestCareful" not in run.stdout


def test_mutant_whose_tests_were_skipped_is_not_tried(
    run: subprocess.CompletedProcess[str],
) -> None:
    assert line(run, "not tried:", "TestSkips[lists campaigns once]", "listing costs money")
    [told] = line(run, "not tried:", "TestSkipped[", "not at night")
    assert told.count(",") == CAMPAIGN_MUTANTS - 1


def test_suite_that_fails_without_mutants_is_not_tried(
    run: subprocess.CompletedProcess[str],
) -> None:
    [told] = line(run, "not tried:", "TestFailsAnyway[", "mend that first")
    assert told.count(",") == CAMPAIGN_MUTANTS - 1


def test_run_without_a_suite_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_it(): ...\n", encoding="utf-8")

    run = run_pytest("--petiole-mutants", folder=tmp_path)

    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no contract suite is among these tests" in run.stdout


SHARED = f"""{CAREFUL}
class TestShared(Campaigns):
    @pytest.fixture(scope="SCOPE")
    def stand(self):
        return Stand()
"""


def test_adapter_that_a_module_shares_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_shared.py").write_text(SHARED.replace("SCOPE", "module"), encoding="utf-8")

    run = run_pytest("--petiole-mutants", folder=tmp_path)

    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "TestShared: the fixture 'stand' must give each test, or each class" in run.stdout


def test_without_the_option_suites_run_once(tmp_path: Path) -> None:
    suite = f"{CAREFUL}\nclass TestCareful(Campaigns):\n    pass\n"
    (tmp_path / "test_careful.py").write_text(suite, encoding="utf-8")

    run = run_pytest("-q", folder=tmp_path)

    assert "14 passed" in run.stdout


LITTLE = """
import pytest
from petiole.adapters.memory import MemorySink
from petiole.testing import MemoryPlatform, ProfileSinkContract, Trouble


class TestLittle(ProfileSinkContract):
    troubles = (Trouble.UNAVAILABLE, Trouble.BUSY)

    @pytest.fixture
    def stand(self):
        return MemoryPlatform(MemorySink())
"""


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Set the mutants on a suite whose platform makes two troubles only, and has no token."""
    folder = tmp_path_factory.mktemp("little")
    (folder / "test_little.py").write_text(LITTLE, encoding="utf-8")
    return run_pytest("--petiole-mutants", "-rs", folder=folder)


def test_troubles_that_cannot_be_made_are_named_once(
    little: subprocess.CompletedProcess[str],
) -> None:
    [told] = line(little, "SKIPPED", "the platform cannot make these")

    assert "unreachable" in told
    assert "busy" not in told


def test_mutant_whose_tests_were_left_out_is_not_tried(
    little: subprocess.CompletedProcess[str],
) -> None:
    [told] = line(little, "not tried:", "no test that ran could see it")

    assert "calls an unreadable answer a success" in told
    assert "ignores retry after" not in told


def test_missing_secret_is_told_once_for_each_occasion(
    little: subprocess.CompletedProcess[str],
) -> None:
    told = line(little, "SKIPPED [1]", "override the fixture `secret`")

    assert len(told) == len(["success", "trouble", "refusal"])
    assert line(little, "not tried:", "logs the token", "override the fixture `secret`")


def test_survivors_are_not_made_of_what_was_left_out(
    little: subprocess.CompletedProcess[str],
) -> None:
    assert little.returncode == pytest.ExitCode.OK, little.stdout
    assert not line(little, "survived:")


def test_several_processes_are_refused(tmp_path: Path) -> None:
    run = run_pytest("--petiole-mutants", "-p", "xdist", "-n", "2", folder=tmp_path)

    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "leave out -n" in run.stdout


def test_our_suites_kill_the_whole_zoo(record_property: Callable[[str, object], None]) -> None:
    suites = ("test_memory.py", "test_files.py", "test_stores.py")

    run = run_pytest(
        "--petiole-mutants",
        "-q",
        *(ROOT / "tests" / "contracts" / suite for suite in suites),
        "-k",
        "not Sqlite",
        folder=ROOT,
    )

    [(killed, let_loose)] = re.findall(r"^killed (\d+) of (\d+)$", run.stdout, re.MULTILINE)
    record_property("mutants", f"killed {killed} of {let_loose}")
    assert run.returncode == pytest.ExitCode.OK, run.stdout
    assert killed == let_loose
    assert int(let_loose) >= sum(len(habitat.mutants) for habitat in HABITATS) >= FEWEST_MUTANTS
