"""`petiole check`: what keeps a connection from working, step by step."""

from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from petiole.core.ports.diagnosis import Aspect, Finding, Health
from petiole.host.cli.main import EXIT_ATTENTION
from petiole.host.cli.output import console, json_option, print_json
from petiole.host.inspection import diagnose, installed

EXIT_CODES = {
    Aspect.SETTINGS: 10,
    Aspect.SECRET: 11,
    Aspect.NAME: 12,
    Aspect.ENCRYPTION: 13,
    Aspect.ADDRESS: 14,
    Aspect.TOKEN: 15,
    Aspect.INTERFACE: 16,
    Aspect.CAMPAIGNS: 17,
}
"""One for each kind of trouble, so that a script can tell them apart."""

_STYLES = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "bold red"}


@click.command("check", short_help="Look for what keeps a connection from working.")
@click.argument("connection")
@json_option
@click.pass_obj
def command(config: Path, *, connection: str, as_json: bool) -> int:
    """Look at CONNECTION step by step: ok, warn or fail, and what to do.

    Nothing is written on the platform. What only a delivery could show is a warning; that a plugin
    cannot look at its platform is none.

    Exit codes: 0 all is well · 3 warnings only · otherwise the first failure decides: 10 settings ·
    11 secret · 12 the host's name · 13 connection or encryption (TLS) · 14 address of deliveries ·
    15 token · 16 the platform's interface · 17 campaigns.
    """
    findings = []
    for finding in diagnose(config, connection, installed()):
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        print_json(
            {
                "connection": connection,
                "health": _worst(findings),
                "steps": [
                    {
                        "aspect": finding.aspect,
                        "health": finding.health,
                        "subject": finding.subject,
                        "told": finding.told,
                        "remedy": finding.remedy or None,
                    }
                    for finding in findings
                ],
            }
        )
    return exit_code(findings)


def exit_code(findings: Sequence[Finding]) -> int:
    """Tell how the command ends."""
    for finding in findings:
        if finding.health is Health.FAIL:
            return EXIT_CODES[finding.aspect]
    return 0 if _worst(findings) is Health.OK else EXIT_ATTENTION


def _worst(findings: Sequence[Finding]) -> Health:
    found = {finding.health for finding in findings}
    return next((health for health in (Health.FAIL, Health.WARN) if health in found), Health.OK)


def _print(finding: Finding) -> None:
    told = f"{finding.aspect:<12}{finding.subject}: {finding.told}"
    console.print_after(f"{finding.health:<6}", _STYLES[finding.health], told)
    if finding.remedy:
        console.print_after(f"{'':<6}", "", f"{'':<12}{finding.remedy}")
