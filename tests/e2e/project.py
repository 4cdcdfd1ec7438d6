"""A user's project folder, the command line as a process of its own, and the twin beside it."""

import csv
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from petiole.plugins.canopydeploy.sandbox import Sandbox

TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
"""A made-up token, told to the twin as well."""

SEGMENT = "4711"


def hashed(address: str) -> str:
    """Hash an address as the platform's documents describe, by other means than the code does."""
    return hashlib.sha256(address.strip().lower().encode("utf-8")).hexdigest()


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a petiole.toml whose connection `newsletter` talks to the twin."""

    folder: Path
    sandbox: Sandbox

    def configure(
        self,
        *,
        identifier: str = "customer-id",
        endpoint: str | None = None,
        token: str = '{ env = "CANOPYDEPLOY_TOKEN" }',
        more: str = "",
        tables: str = "",
    ) -> None:
        endpoint = self.sandbox.rest if endpoint is None else endpoint
        (self.folder / "petiole.toml").write_text(
            "[connections.newsletter]\n"
            'plugin = "canopydeploy"\n'
            f'endpoint = "{endpoint}"\n'
            f"token = {token}\n"
            f'identifier = "{identifier}"\n'
            f"{more}\n{tables}\n",
            encoding="utf-8",
        )

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "petiole.host", *map(str, arguments)]

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "CANOPYDEPLOY_TOKEN": TOKEN, "COLUMNS": "100", **more}

    def run(
        self, *arguments: str | Path, stdin: bytes | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `petiole` here and wait for its end."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**environment),
            input=stdin,
            capture_output=True,
            timeout=100,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start `petiole` here, to be dealt with while it runs."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sync(
        self, file: str | Path, *more: str, key: str = "id", stdin: bytes | None = None
    ) -> subprocess.CompletedProcess[str]:
        return self.run(
            "sync", "newsletter", file, "--segment", SEGMENT, "--key", key, *more, stdin=stdin
        )

    def status(self) -> Mapping[str, object]:
        done = self.run("status", "--json")
        assert done.returncode in {0, 3}, done.stderr
        connections: Mapping[str, Mapping[str, object]] = json.loads(done.stdout)["connections"]
        return connections["newsletter"]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Ask again and again, for a minute at most."""
        for _ in range(3_000):
            if condition():
                return
            time.sleep(0.02)
        raise AssertionError("it never came to that")

    def order_faults(self, *rules: Mapping[str, object]) -> None:
        body = json.dumps({"rules": rules}).encode()
        request = Request(
            self.sandbox.control + "faults", body, {"Content-Type": "application/json"}
        )
        with urlopen(request) as answer:
            assert answer.status == 200

    def ledger(self) -> "PlatformLedger":
        with urlopen(self.sandbox.control + "ledger?records=1") as answer:
            return PlatformLedger(json.load(answer))


@dataclass(frozen=True, slots=True)
class PlatformLedger:
    """What the twin says that it received and holds."""

    document: Mapping[str, object]

    @property
    def calls(self) -> Sequence[Mapping[str, object]]:
        calls = self.document["calls"]
        assert isinstance(calls, list)
        return calls

    @property
    def profiles(self) -> Mapping[str, Mapping[str, object]]:
        profiles = self.document["profiles"]
        assert isinstance(profiles, dict)
        held: Mapping[str, Mapping[str, object]] = profiles.get(SEGMENT, {})
        return held

    @property
    def changes(self) -> Sequence[tuple[str, str]]:
        """Every (identifier, status) in the order of its arrival."""
        arrived = []
        for call in self.calls:
            changes = call["changes"]
            assert isinstance(changes, list)
            arrived += [(str(identifier), str(status)) for identifier, status in changes]
        return arrived
