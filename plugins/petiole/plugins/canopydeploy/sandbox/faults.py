"""The fault script in force: asked for every call, and for every record."""

import threading
from collections.abc import Iterable, Mapping

from petiole.plugins.canopydeploy.sandbox.document import Document
from petiole.plugins.canopydeploy.sandbox.exchange import Request
from petiole.plugins.canopydeploy.sandbox.fault import BY_RECORD
from petiole.plugins.canopydeploy.sandbox.rules import Rule, parsed


class Faults:
    """The script that is in force; any thread may ask."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._calls: list[Rule] = []
        self._records: list[Rule] = []
        self._script: list[tuple[Mapping[str, object], Rule]] = []

    def script(self, document: Document) -> None:
        """Put a new script in force instead of the old one, or raise Nonsense and keep the old."""
        script = [(rule.content, parsed(rule)) for rule in document.documents("rules")]
        document.finish()
        with self._guard:
            self._script = script
            self._calls = [rule for _, rule in script if rule.fault not in BY_RECORD]
            self._records = [rule for _, rule in script if rule.fault in BY_RECORD]

    def clear(self) -> None:
        """Behave from now on."""
        with self._guard:
            self._script, self._calls, self._records = [], [], []

    def shown(self) -> list[dict[str, object]]:
        """Return the script, with the calls that each rule saw and how often it fired."""
        with self._guard:
            return [
                {"rule": content, "seen": rule.seen, "fired": rule.fired}
                for content, rule in self._script
            ]

    def choose(self, request: Request) -> Rule | None:
        """Return the first rule that spoils this call; every rule counts the call."""
        if not self._calls:
            return None
        with self._guard:
            meant = [rule for rule in self._calls if rule.means(request)]
            for rule in meant[:1]:
                rule.fired += 1
        return meant[0] if meant else None

    def culprits(self, path: str, identifiers: Iterable[str | None]) -> dict[str | None, Rule]:
        """Return the rule that spoils each record, for those that are spoilt."""
        if not self._records:
            return {}
        found: dict[str | None, Rule] = {}
        with self._guard:
            for identifier in identifiers:
                for rule in self._records:
                    if rule.names(path, identifier):
                        rule.fired += 1
                        found[identifier] = rule
                        break
        return found
