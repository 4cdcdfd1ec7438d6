"""The twin's numbers and names, each of which the control API can change while it runs."""

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta

from petiole.plugins.canopydeploy.sandbox.crm.field import OPTION_CHARACTERS
from petiole.plugins.canopydeploy.sandbox.document import Document, Nonsense
from petiole.plugins.canopydeploy.sandbox.soap import SoapSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The keys around a profile's own fields in a webhook record. Assumed; hence settings."""

    identifier: str = "identifier"
    segment: str = "segmentId"
    status: str = "status"
    identifier_type: str = "identifierType"
    partner_number: str = "partnerNumber"
    segment_name: str = "segmentName"
    timestamp: str = "timestamp"

    def keys(self) -> frozenset[str]:
        """Return every key that is not a field of the profile."""
        return frozenset(getattr(self, entry.name) for entry in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Limits as the vendor documents them, and the twin's own pace.

    `daily_quota`: webhook calls of the brand in a day of Amsterdam. `size_limit_bytes`: the strict
    reading of the documented 6 MB. `option_characters`: longer option values are cut to this (the
    limit is documented, that the call still succeeds is assumed). `parallel` and `queue`: calls per
    token that run, and that wait; the next one is answered 429. `latency_ms`: how long the platform
    thinks about each call; 0 keeps tests quick, public clients meet 50 ms to seconds.
    `hold_seconds`: how long a scripted timeout holds the connection. `trickle_ms`: the pause before
    each byte of an answer that trickles. `clock_offset_seconds`: how far the platform's clock is
    ahead. `journal`: whether every applied change is kept with its fields, for checks of order.
    `brand_id`, `brand_name`: whose mails engagements tell of. `oauth_expires_in`: seconds that an
    access token lives (assumed). `analytics_page`, `analytics_page_most`: events of a page unless
    a call wants others, and the most it gets. `analytics_calls_per_minute`: the next one is
    answered 429 (assumed); 0 sets no limit.
    """

    daily_quota: int = 50_000
    size_limit_bytes: int = 6_000_000
    option_characters: int = OPTION_CHARACTERS
    parallel: int = 25
    queue: int = 100
    latency_ms: float = 0.0
    hold_seconds: float = 60.0
    trickle_ms: float = 1.0
    clock_offset_seconds: float = 0.0
    journal: bool = False
    brand_id: int = 20
    brand_name: str = "Sandbox"
    oauth_expires_in: int = 3600
    analytics_page: int = 100
    analytics_page_most: int = 1000
    analytics_calls_per_minute: int = 0
    envelope: Envelope = field(default_factory=Envelope)
    soap: SoapSettings = field(default_factory=SoapSettings)

    def changed(self, changes: Document) -> "Settings":
        """Return these settings with some of them changed, or raise Nonsense."""
        envelope = self.envelope
        if "envelope" in changes:
            keys = changes.document("envelope")
            envelope = replace(envelope, **{name: keys.text(name) for name in _known(keys)})
            keys.finish()
        soap = self.soap
        if "soap" in changes:
            soap = _changed_soap(soap, changes.document("soap"))
        fresh = replace(
            self,
            daily_quota=changes.whole("daily_quota", self.daily_quota),
            size_limit_bytes=changes.whole("size_limit_bytes", self.size_limit_bytes),
            option_characters=changes.whole("option_characters", self.option_characters),
            parallel=changes.whole("parallel", self.parallel, least=1),
            queue=changes.whole("queue", self.queue),
            latency_ms=changes.number("latency_ms", self.latency_ms),
            hold_seconds=changes.number("hold_seconds", self.hold_seconds),
            trickle_ms=changes.number("trickle_ms", self.trickle_ms),
            clock_offset_seconds=changes.number(
                "clock_offset_seconds", self.clock_offset_seconds, least=-1e9, most=1e9
            ),
            journal=changes.flag("journal", default=self.journal),
            brand_id=changes.whole("brand_id", self.brand_id, least=1),
            brand_name=changes.text("brand_name", self.brand_name),
            oauth_expires_in=changes.whole("oauth_expires_in", self.oauth_expires_in),
            analytics_page=changes.whole("analytics_page", self.analytics_page, least=1),
            analytics_page_most=changes.whole(
                "analytics_page_most", self.analytics_page_most, least=1
            ),
            analytics_calls_per_minute=changes.whole(
                "analytics_calls_per_minute", self.analytics_calls_per_minute
            ),
            envelope=envelope,
            soap=soap,
        )
        changes.finish()
        return fresh

    def shown(self) -> dict[str, object]:
        """Return every setting as the control API takes it."""
        soap = asdict(self.soap)
        soap["resource_lifetime"] = self.soap.resource_lifetime.total_seconds()
        return asdict(self) | {"soap": soap}


def _changed_soap(soap: SoapSettings, changes: Document) -> SoapSettings:
    """Return the settings of the SOAP half with some of them changed; a lifetime is in seconds."""
    portal = changes.text("portal", soap.portal)
    if portal not in {"secure", "login"}:
        raise Nonsense(f"{changes.where}: portal must be secure or login")
    fault_status = changes.whole("fault_status", soap.fault_status)
    if fault_status not in {200, 500}:
        raise Nonsense(f"{changes.where}: fault_status must be 200 or 500")
    lifetime = changes.number("resource_lifetime", soap.resource_lifetime.total_seconds())
    fresh = replace(
        soap,
        portal="login" if portal == "login" else "secure",
        fault_status=fault_status,
        polls=changes.whole("polls", soap.polls),
        resource_lifetime=timedelta(seconds=lifetime),
        page_limit=changes.whole("page_limit", soap.page_limit, least=1),
        size_limit_bytes=changes.whole("size_limit_bytes", soap.size_limit_bytes),
        nil_for_nobody=changes.flag("nil_for_nobody", default=soap.nil_for_nobody),
        strict=changes.flag("strict", default=soap.strict),
    )
    changes.finish()
    return fresh


def _known(keys: Document) -> list[str]:
    return [entry.name for entry in fields(Envelope) if entry.name in keys]
