"""The platform's twin as the tests steer it."""

from collections.abc import Mapping

import httpx

from petiole.plugins.canopydeploy.sandbox import Sandbox


def control(sandbox: Sandbox, name: str, content: Mapping[str, object]) -> None:
    """Post to the control API."""
    answer = httpx.post(f"{sandbox.control}{name}", json=content, trust_env=False)
    answer.raise_for_status()


def spoil(sandbox: Sandbox, **rule: object) -> None:
    """Spoil the next call, or the calls that the rule names, or the records that it names."""
    by_record = {"reject", "refuse"}
    selection = {} if rule["fault"] in by_record or "calls" in rule else {"calls": [1]}
    control(sandbox, "faults", {"rules": [{**selection, **rule}]})


def profiles(sandbox: Sandbox) -> Mapping[str, Mapping[str, object]]:
    """Tell what the platform holds in the segment of the tests: identifier -> fields."""
    ledger = httpx.get(f"{sandbox.control}ledger", trust_env=False).json()
    held: Mapping[str, Mapping[str, object]] = ledger["profiles"].get("4711", {})
    return held
