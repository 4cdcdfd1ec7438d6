"""The real-time lane: campaign runs over SOAP, seen as changes of profiles.

Assumed: a run's options `identifier` and `status` and the fields beside them mean what they mean in
a webhook's record, and its campaign is the segment.
"""

import threading
from collections.abc import Callable
from dataclasses import replace

from petiole.plugins.canopydeploy.sandbox.crm import Options, Rejected
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Note, Request
from petiole.plugins.canopydeploy.sandbox.faults import Faults
from petiole.plugins.canopydeploy.sandbox.profiles import Change, Profiles
from petiole.plugins.canopydeploy.sandbox.records import Reader, Record
from petiole.plugins.canopydeploy.sandbox.settings import Settings

MOUNT = "/app/api/soap/public/index.php"

MOUNTS = (MOUNT, "/app/api/soap/public/wsdl/index.php")


class Realtime:
    """Hears of every run, and applies it to the profiles or rejects it."""

    def __init__(
        self, *, faults: Faults, profiles: Profiles, settings: Callable[[], Settings]
    ) -> None:
        self._faults = faults
        self._profiles = profiles
        self._settings = settings
        self._call = threading.local()

    def hear(self, campaign_id: int, options: Options) -> None:
        """Apply a run; one without an identifier or a known status changes no profile.

        Raises:
            Rejected: The script rejects this profile.
        """
        settings = self._settings()
        reader = Reader(settings)
        record: Record = {**dict(options), settings.envelope.segment: str(campaign_id)}
        culprits = self._faults.culprits(MOUNT, [reader.identifier(record)])
        for rule in culprits.values():
            self._call.note = Note(fault=rule.fault, records=1, rejected=1)
            raise Rejected(rule.message, code=rule.code)
        change = reader.change(record)
        if isinstance(change, Change):
            self._profiles.apply([change])
            changes = ((change.identifier, change.status),)
            self._call.note = Note(records=1, applied=1, changes=changes)

    def observed(self, serve: Callable[[Request], Answer], request: Request) -> Answer:
        """Answer a SOAP call, and note what a run in it did to a profile."""
        self._call.note = None
        answer = serve(request)
        note: Note | None = self._call.note
        if note is None:
            return answer
        return replace(answer, note=replace(note, operation=answer.note.operation))
