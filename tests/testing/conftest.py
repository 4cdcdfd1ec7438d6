"""The count of killed mutants is shown at the end of every run that counted them."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "mutants":
                terminalreporter.line(f"mutants of petiole.testing: {told}")
