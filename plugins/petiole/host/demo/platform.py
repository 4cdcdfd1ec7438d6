"""The stand-in platform as a process of its own, and what it says of itself."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from petiole.core.domain.fields import JsonValue
from petiole.core.errors import PetioleError

STOP_SECONDS = 3
CONTROL_SECONDS = 30


class SandboxFailed(PetioleError):
    """The stand-in platform did not start."""


@contextmanager
def sandbox_process(plugin: str) -> Iterator[Mapping[str, str]]:
    """Run `petiole sandbox` on a free port of loopback; yields its announcement and ends it.

    Raises:
        SandboxFailed: it ended before it was ready.
    """
    command = [sys.executable, "-m", "petiole.host", "sandbox", "--plugin", plugin]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise SandboxFailed(
                    "the sandbox did not start; run `petiole sandbox` to see what it says"
                )
            announced: Mapping[str, str] = json.loads(line)
            yield announced
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def order_faults(control: str, script: Mapping[str, JsonValue]) -> None:
    """Hand a fault script to the sandbox."""
    _ask(control + "faults", json.dumps(script).encode())


def held_profiles(control: str, segment: str) -> int:
    """Ask the sandbox how many profiles it holds in a segment."""
    ledger = _ask(control + "ledger")
    return len(ledger["profiles"].get(segment, {}))


def _ask(url: str, body: bytes | None = None) -> dict[str, dict[str, dict[str, JsonValue]]]:
    """Call the control API; it listens on loopback only, whatever proxy is set."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=CONTROL_SECONDS) as answer:
        document: dict[str, dict[str, dict[str, JsonValue]]] = json.load(answer)
        return document
