"""`pytest --petiole-mutants`: the suites run once more for every mutant that fits their port.

Beside each class that is a contract suite, one more is collected for each mutant, with the same
tests on the broken adapter. There a failure is what is wanted: the first one kills the mutant and
ends its trial. A trial that ends without one is reported as a failed test.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import TypeAlias

import pytest

from petiole.testing.trial import Trial
from petiole.testing.zoo.habitats import habitats_of

Found: TypeAlias = pytest.Item | pytest.Collector | Sequence[pytest.Item | pytest.Collector] | None
_VERDICT = "petiole_verdict"


class MutantSuite(pytest.Class):
    """A suite once more, on a broken adapter."""

    trial: Trial


class MutantRun:
    """The hooks, and the books of all trials."""

    def __init__(self, config: pytest.Config) -> None:
        if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
            raise pytest.UsageError("--petiole-mutants runs in one process; leave out -n")
        self._trials: list[Trial] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makeitem(
        self, collector: pytest.Module | pytest.Class, name: str
    ) -> Generator[None, Found, Found]:
        """Put a suite for each mutant beside the author's."""
        found = yield
        if not isinstance(found, pytest.Class):
            return found
        return [found, *self._suites(collector, name, found.obj)]

    def _suites(
        self, collector: pytest.Module | pytest.Class, name: str, suite: type
    ) -> Iterator[MutantSuite]:
        for habitat in habitats_of(suite):
            for mutant in habitat.mutants:
                node: MutantSuite = MutantSuite.from_parent(
                    collector, name=f"{name}[{mutant.name}]"
                )
                node.obj = suite
                node.own_markers.extend(_marks(suite))
                node.trial = Trial(
                    name=node.nodeid, title=node.name, suite=suite, habitat=habitat, mutant=mutant
                )
                yield node

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Try the adapters as they are first, then each mutant on the tests of its sentence first.

        Raises:
            UsageError: there is nothing to break.
        """
        trials = [(item, _trial_of(item)) for item in items]
        self._trials = list(dict.fromkeys(trial for _, trial in trials if trial))
        if not self._trials:
            raise pytest.UsageError(
                "--petiole-mutants: no contract suite is among these tests; "
                "subclass one of petiole.testing"
            )
        places = {trial: place for place, trial in enumerate(self._trials)}
        for _, trial in trials:
            if trial:
                trial.left += 1

        def place(found: tuple[pytest.Item, Trial | None]) -> tuple[int, bool]:
            item, trial = found
            if trial is None:
                return -1, False
            return places[trial], not trial.counts_on(*_names(item))

        items[:] = [item for item, _ in sorted(trials, key=place)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Let progress be counted in what is shown: a letter for each test, one for each trial."""
        ordinary = sum(_trial_of(item) is None for item in session.items)
        session.testscollected = ordinary + len(self._trials)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Pass over what is left of a trial that is over."""
        trial = _trial_of(item)
        if trial is None:
            return None
        trial.begun = True
        trial.left -= 1
        more = nextitem is not None and _trial_of(nextitem) is trial
        return True if trial.over and more else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Pass over the last test too, whose teardown is still needed."""
        trial = _trial_of(item)
        if trial and trial.over:
            pytest.skip("the mutant's trial is over")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Break the adapter where the suite's fixture gives it."""
        given = yield
        trial = _trial_of(request.node)
        if trial is None or fixturedef.argname != trial.habitat.fixture:
            return given
        trial.infested = True
        if not trial.mutant.fits(given):
            pytest.skip("it could do no harm to this adapter")
        mutant = trial.mutant
        if mutant.knows:
            mutant = mutant.told(request.getfixturevalue(mutant.knows))
        broken = trial.habitat.infest(mutant, given)
        if fixturedef.cached_result is not None:
            fixturedef.cached_result = (broken, fixturedef.cached_result[1], None)
        return broken

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> None:
        """Refuse an adapter that was there before the trial began, and is therefore not broken."""
        trial = _trial_of(pyfuncitem)
        if trial and not trial.infested and trial.habitat.fixture in pyfuncitem.fixturenames:
            pytest.exit(
                f"{trial.suite.__name__}: the fixture {trial.habitat.fixture!r} must give each "
                "test, or each class, an adapter of its own; leave out its scope",
                returncode=pytest.ExitCode.USAGE_ERROR,
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn the meaning of a failure round."""
        trial = _trial_of(item)
        failed = _is_failure(call)
        if trial and failed:
            call.excinfo = None  # nobody reads the trace of a mutant, and to write it takes long
        report = yield
        if trial is None:
            self._note_failure(item, report)
            return report
        verdict = _judge(trial, item, report, failed=failed)
        if report.passed and failed and report.when == "setup":
            report.outcome = "skipped"  # else the test itself would be run, without its fixtures
            report.longrepr = (str(item.path), 0, "Skipped: the mutant is dead")
        elif report.when != "setup":
            report.outcome, report.longrepr = "passed", None
        if report.when == "teardown" and trial.untried:
            verdict = "untried"
        if report.when == "teardown" and trial.survived:
            verdict, report.outcome, report.longrepr = "survived", "failed", trial.obituary
        path, line, _ = report.location
        report.nodeid, report.location = trial.name, (path, line, trial.title)
        setattr(report, _VERDICT, verdict)
        return report

    def _note_failure(self, item: pytest.Item, report: pytest.TestReport) -> None:
        suite = item.getparent(pytest.Class)
        if report.failed and suite is not None:
            for trial in self._trials:
                if trial.suite is suite.obj:
                    trial.spoiled = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> tuple[str, str, str] | None:
        """Show a letter for each mutant, none for its single tests."""
        match getattr(report, _VERDICT, None):
            case None:
                return None
            case "killed":
                return "killed", "k", "KILLED"
            case "survived":
                return "failed", "F", "SURVIVED"
            case "untried":
                return "not tried", "-", "NOT TRIED"
            case _:
                return "", "", ""

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Print the count, who survived, and who could not be tried."""
        if not any(trial.begun for trial in self._trials):
            return
        killed = [trial for trial in self._trials if trial.noticed]
        survived = [trial for trial in self._trials if trial.survived]
        terminalreporter.section("petiole mutants")
        untried = [trial for trial in self._trials if trial.untried]
        for suite, why in dict.fromkeys((trial.suite.__name__, trial.untried) for trial in untried):
            names = [
                trial.mutant.name
                for trial in untried
                if (trial.suite.__name__, trial.untried) == (suite, why)
            ]
            terminalreporter.line(f"not tried: {suite}[{', '.join(names)}]: {why}")
        for trial in survived:
            terminalreporter.line(f"survived: {trial.name}", red=True)
        told = f"killed {len(killed)} of {len(killed) + len(survived)}"
        terminalreporter.line(f"{told}, {len(untried)} not tried" if untried else told)


def _is_failure(call: pytest.CallInfo[None]) -> bool:
    if call.excinfo is None:
        return False
    return not isinstance(call.excinfo.value, pytest.skip.Exception | pytest.exit.Exception)


def _judge(trial: Trial, item: pytest.Item, report: pytest.TestReport, *, failed: bool) -> str:
    if failed and not trial.over:
        trial.noticed = item.name
        return "killed"
    if trial.counts_on(*_names(item)):
        if report.skipped and not trial.over:
            trial.skipped[item.name] = _reason(report)
        if not failed and report.passed and report.when == "call":
            trial.seen.add(item.name)
    return "tried"


def _reason(report: pytest.TestReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return told.removeprefix("Skipped: ")


def _trial_of(node: pytest.Item | pytest.Collector) -> Trial | None:
    suite = node.getparent(MutantSuite)
    return suite.trial if suite else None


def _names(item: pytest.Item) -> tuple[str, str]:
    """Name a test with its parameters, and without."""
    return item.name, item.originalname if isinstance(item, pytest.Function) else item.name


def _marks(suite: type) -> Iterator[pytest.Mark]:
    for part in suite.__mro__:
        marks = vars(part).get("pytestmark", ())
        for mark in marks if isinstance(marks, list | tuple) else [marks]:
            yield mark.mark if isinstance(mark, pytest.MarkDecorator) else mark
