"""The webhook receivers: records in, their echo out, profiles changed in between.

Documented by the vendor: the shapes of the payload, the echo, the ways to authenticate, the limits
and the daily count. Assumed: most of the statuses, and the name `clang_id`.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Protocol

from petiole.plugins.canopydeploy.sandbox.access import Access
from petiole.plugins.canopydeploy.sandbox.datamodel import Rows
from petiole.plugins.canopydeploy.sandbox.exchange import (
    Answer,
    Note,
    Refusal,
    Request,
    error_answer,
    json_answer,
)
from petiole.plugins.canopydeploy.sandbox.fault import Fault
from petiole.plugins.canopydeploy.sandbox.faults import Faults
from petiole.plugins.canopydeploy.sandbox.mapping import RecordMapping
from petiole.plugins.canopydeploy.sandbox.profiles import Change, Profiles
from petiole.plugins.canopydeploy.sandbox.quota import Quota
from petiole.plugins.canopydeploy.sandbox.records import Reader, Record, Rejection, parsed, scalar
from petiole.plugins.canopydeploy.sandbox.rules import Rule
from petiole.plugins.canopydeploy.sandbox.settings import Settings

MOUNT = "/app/api/rest/public/v2/project/datahook/data-receiver/"

COUNT_HEADER = "X-Clang-Request-Count"


class Identify(Protocol):
    """Finds or makes customers, and returns their numeric ids."""

    def __call__(self, *, key: str, values: Iterable[str]) -> Sequence[int]:
        """Return, for each value, the id of the customer whose option `key` has it."""


class Webhooks:
    """The receivers of the brand, each a name and its mapping, if it has one."""

    def __init__(
        self,
        *,
        access: Access,
        faults: Faults,
        identify: Identify,
        profiles: Profiles,
        quota: Quota,
        rows: Rows,
        settings: Callable[[], Settings],
    ) -> None:
        self._access = access
        self._faults = faults
        self._identify = identify
        self._profiles = profiles
        self._quota = quota
        self._rows = rows
        self._settings = settings
        self._guard = threading.Lock()
        demo = RecordMapping(key=settings().envelope.identifier)
        self._mappings: dict[str, RecordMapping | None] = {"demo": demo}

    def make(self, name: str, mapping: RecordMapping | None) -> None:
        """Make a receiver or change its mapping; one that has none only echoes."""
        with self._guard:
            self._mappings[name] = mapping

    def all(self) -> dict[str, RecordMapping | None]:
        """Return the receivers, each with its mapping."""
        with self._guard:
            return dict(self._mappings)

    def answer(self, request: Request) -> Answer:
        """Answer one call.

        Raises:
            Refusal: Nothing was applied.
        """
        mapping = self._mapping(request)
        counted = self._counted()
        if len(request.body) > self._settings().size_limit_bytes:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise Refusal(status, "the body is too large", headers=counted)
        try:
            content = parsed(request.body)
        except ValueError:
            message = "the body must be a JSON object or an array of objects"
            raise Refusal(HTTPStatus.BAD_REQUEST, message, headers=counted) from None
        if mapping is None:
            return _echo(request.body, records=_listed(content), counted=counted)
        return self._apply(content, mapping, path=request.path, counted=counted)

    def _mapping(self, request: Request) -> RecordMapping | None:
        """Return the mapping of the receiver that takes this call, or refuse the call."""
        receivers = self.all()
        name = request.path.removeprefix(MOUNT)
        if name not in receivers:
            raise Refusal(HTTPStatus.NOT_FOUND, "no webhook has this address")
        if request.method != "POST":
            allow = {"Allow": "POST"}
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "POST only", headers=allow)
        if not self._access.admits(request):
            raise Refusal(HTTPStatus.UNAUTHORIZED, "the token is missing or does not work")
        return receivers[name]

    def _counted(self) -> dict[str, str]:
        """Count the call, and return the header that says how many the day has seen."""
        count = self._quota.count()
        counted = {COUNT_HEADER: str(count)}
        if count > self._settings().daily_quota:
            message = "the calls of this day are used up"
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, message, headers=counted)
        return counted

    def _apply(
        self,
        content: list[Record] | Record,
        mapping: RecordMapping,
        *,
        path: str,
        counted: Mapping[str, str],
    ) -> Answer:
        records = _listed(content)
        reader = Reader(self._settings(), mapped=mapping.rows)
        culprits = self._faults.culprits(path, map(reader.identifier, records))
        refusal = next((r for r in culprits.values() if r.fault is Fault.REFUSE), None)
        if refusal:
            return _refused(refusal, records=records, counted=counted)
        accepted: list[Record] = []
        changes: list[Change] = []
        for record in records:
            outcome = reader.change(record)
            if culprits and (rule := culprits.get(reader.identifier(record))):
                outcome = Rejection(code=rule.code, message=rule.message)
            if isinstance(outcome, Rejection):
                record["error"] = outcome.shown()
                continue
            accepted.append(record)
            if outcome:
                changes.append(outcome)
        self._mark(accepted, mapping)
        self._profiles.apply(changes)
        note = Note(
            fault=Fault.REJECT if culprits else None,
            records=len(records),
            applied=len(accepted),
            rejected=len(records) - len(accepted),
            changes=[(change.identifier, change.status) for change in changes],
        )
        return json_answer(content, headers=counted, note=note)

    def _mark(self, records: Sequence[Record], mapping: RecordMapping) -> None:
        """Find or make the customer of each record, and their rows, and put the ids into it."""
        key = mapping.key
        keyed = [(record, value) for record in records if (value := scalar(record.get(key)))]
        customers = self._identify(key=key, values=[value for _, value in keyed])
        for (record, _), customer in zip(keyed, customers, strict=True):
            identity = f"clang_{customer}"
            if mapping.rows:
                self._rows.write(identity, record, mapping.rows)
            record["clang_id"] = identity


def _listed(content: list[Record] | Record) -> list[Record]:
    return content if isinstance(content, list) else [content]


def _echo(body: bytes, *, records: list[Record], counted: Mapping[str, str]) -> Answer:
    """Send back, byte for byte, what a receiver without a mapping cannot understand yet."""
    headers = {"Content-Type": "application/json", **counted}
    return Answer(status=HTTPStatus.OK, headers=headers, body=body, note=Note(records=len(records)))


def _refused(rule: Rule, *, records: list[Record], counted: Mapping[str, str]) -> Answer:
    """Refuse a whole call without naming the culprit. Assumed."""
    answer = error_answer(HTTPStatus.BAD_REQUEST, rule.message, headers=counted)
    return replace(answer, note=Note(fault=rule.fault, records=len(records)))
