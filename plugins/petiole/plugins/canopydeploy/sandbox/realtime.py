"""The real-time lane: campaign runs over SOAP, seen as changes of profiles.

Assumed: a run's options `identifier` and `status` and the fields beside them mean what they mean in
a webhook's record, and its campaign is the segment.
"""

import threading
from collections.abc import Callable
from dataclasses import replace

from petiole.plugins.canopydeploy.sandbox.crm import InvalidValue, Options
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Request
from petiole.plugins.canopydeploy.sandbox.faults import Faults
from petiole.plugins.canopydeploy.sandbox.profiles import Profiles
from petiole.plugins.canopydeploy.sandbox.records import Reader, Record, Rejection
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
        """Apply a run; one without an identifier or a status is no profile's and changes nothing.

        Raises:
            InvalidValue: The script rejects this profile.
        """
        settings = self._settings()
        reader = Reader(settings)
        record: Record = {**dict(options), settings.envelope.segment: str(campaign_id)}
        culprits = self._faults.culprits(MOUNT, [reader.identifier(record)])
        for rule in culprits.values():
            self._call.fault = rule.fault
            raise InvalidValue(rule.message)
        change = reader.change(record)
        if change is not None and not isinstance(change, Rejection):
            self._profiles.apply([change])

    def observed(self, serve: Callable[[Request], Answer], request: Request) -> Answer:
        """Answer a SOAP call, and note whether a run was rejected in it."""
        self._call.fault = None
        answer = serve(request)
        fault: str | None = self._call.fault
        if fault is None:
            return answer
        note = replace(answer.note, fault=fault, records=1, applied=0, rejected=1, changes=())
        return replace(answer, note=note)
