"""The platform's twin as the tests steer it."""

import json
from collections.abc import Mapping
from urllib.request import Request, urlopen

from petiole.plugins.canopydeploy.sandbox import Sandbox


def control(sandbox: Sandbox, name: str, content: Mapping[str, object]) -> None:
    """Post to the control API."""
    # Not httpx: it would read the authorities' certificates for every call.
    with urlopen(Request(f"{sandbox.control}{name}", json.dumps(content).encode())):
        pass


def ledger(sandbox: Sandbox) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    """Tell what the platform received and holds."""
    with urlopen(f"{sandbox.control}ledger") as answer:
        told: Mapping[str, Mapping[str, Mapping[str, object]]] = json.load(answer)
        return told


def spoil(sandbox: Sandbox, **rule: object) -> None:
    """Spoil the next call, or the calls that the rule names, or the records that it names."""
    by_record = {"reject", "refuse"}
    selection = {} if rule["fault"] in by_record or "calls" in rule else {"calls": [1]}
    control(sandbox, "faults", {"rules": [{**selection, **rule}]})


def profiles(sandbox: Sandbox) -> Mapping[str, Mapping[str, object]]:
    """Tell what the platform holds in the segment of the tests: identifier -> fields."""
    held = ledger(sandbox)["profiles"].get("4711", {})
    assert isinstance(held, dict)
    return held
