"""What the plugin offers to the host: its adapters, and the twin of its platform."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.hints import batch_hint, realtime_hint
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.soap.options import segment_trouble
from petiole.adapters.canopydeploy.soap.settings import (
    CanopyDeployRealtimeSettings,
    reserved_options,
)
from petiole.adapters.canopydeploy.wire import reserved_names
from petiole.core.domain.fields import JsonValue
from petiole.core.errors import ConfigurationError
from petiole.core.ports.campaign_source import CampaignSource
from petiole.core.ports.diagnosis import Diagnosis
from petiole.core.ports.engagement_receiver import EngagementReceiver
from petiole.core.ports.engagement_source import EngagementSource
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterContext, AdapterSpec, AnyAdapterSpec, Pace, SandboxSpec

CALLS_AT_ONCE = 25
"""Documented: the calls of one token that run at a time; some more wait, the next is refused."""


def _open_batch(
    context: AdapterContext[CanopyDeployBatchSettings],
) -> AbstractContextManager[ProfileSink]:
    from petiole.adapters.canopydeploy.rest import open_webhook_sink

    return open_webhook_sink(context)


def _open_realtime(
    context: AdapterContext[CanopyDeployRealtimeSettings],
) -> AbstractContextManager[ProfileSink]:
    from petiole.adapters.canopydeploy.soap.sink import open_realtime_sink

    return open_realtime_sink(context)


def _open_campaigns(
    context: AdapterContext[AccountSettings],
) -> AbstractContextManager[CampaignSource]:
    from petiole.adapters.canopydeploy.campaigns import open_campaigns

    return open_campaigns(context)


def _open_diagnosis(context: AdapterContext[AccountSettings]) -> AbstractContextManager[Diagnosis]:
    from petiole.adapters.canopydeploy.diagnosis.connection import open_diagnosis

    return open_diagnosis(context)


def _open_receiver(
    context: AdapterContext[AccountSettings],
) -> AbstractContextManager[EngagementReceiver]:
    from petiole.adapters.canopydeploy.engagements.receiver import open_receiver

    return open_receiver(context)


def _open_mailings(
    context: AdapterContext[AccountSettings],
) -> AbstractContextManager[EngagementSource]:
    from petiole.adapters.canopydeploy.engagements.mailings import open_mailings

    return open_mailings(context)


def _open_analytics(
    context: AdapterContext[AccountSettings],
) -> AbstractContextManager[EngagementSource]:
    from petiole.adapters.canopydeploy.engagements.analytics import open_analytics

    return open_analytics(context)


def _batch_pace(settings: CanopyDeployBatchSettings) -> Pace:
    return Pace(
        calls_at_once=CALLS_AT_ONCE,
        calls_per_day=settings.daily_calls,
        day_zone=settings.day_zone,
    )


def _realtime_pace(settings: CanopyDeployRealtimeSettings) -> Pace:
    del settings
    return Pace(calls_at_once=CALLS_AT_ONCE)


ADAPTERS: Sequence[AnyAdapterSpec] = (
    AdapterSpec(
        id="canopydeploy.rest",
        port=ProfileSink,
        settings=CanopyDeployBatchSettings,
        open=_open_batch,
        reserved_fields=reserved_names,
        hint=batch_hint,
        pace=_batch_pace,
    ),
    AdapterSpec(
        id="canopydeploy.soap",
        port=ProfileSink,
        settings=CanopyDeployRealtimeSettings,
        open=_open_realtime,
        reserved_fields=reserved_options,
        hint=realtime_hint,
        segment_trouble=segment_trouble,
        pace=_realtime_pace,
    ),
    AdapterSpec(
        id="canopydeploy.campaigns",
        port=CampaignSource,
        settings=AccountSettings,
        open=_open_campaigns,
    ),
    AdapterSpec(
        id="canopydeploy.diagnosis",
        port=Diagnosis,
        settings=AccountSettings,
        open=_open_diagnosis,
    ),
    AdapterSpec(
        id="canopydeploy.receiver",
        port=EngagementReceiver,
        settings=AccountSettings,
        open=_open_receiver,
    ),
    AdapterSpec(
        id="canopydeploy.mailings",
        port=EngagementSource,
        settings=AccountSettings,
        open=_open_mailings,
    ),
    AdapterSpec(
        id="canopydeploy.analytics",
        port=EngagementSource,
        settings=AccountSettings,
        open=_open_analytics,
    ),
)


def _serve(host: str, port: int, announce: Callable[[str], None]) -> None:
    from petiole.plugins.canopydeploy.sandbox import serve

    try:
        serve(host=host, port=port, announce=announce)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}, port {port}: {error.strerror}; name another --port"
        ) from error


def _connection(announced: Mapping[str, str], token_variable: str) -> Mapping[str, JsonValue]:
    return {
        "plugin": "canopydeploy",
        "lane": "batch",
        "endpoint": announced["rest"],
        "soap_url": announced["soap"],
        "token": {"env": token_variable},
        "timeout": "1s",
    }


def _mischief(identifiers: Sequence[str]) -> Mapping[str, JsonValue]:
    return {
        "rules": [
            {"fault": "status", "status": 503, "calls": [7, 23, 24, 61]},
            {"fault": "timeout-after", "calls": [40]},
            {
                "fault": "reject",
                "identifiers": list(identifiers),
                "code": 105,
                "message": "Undefined value for field loyalty_tier",
            },
        ]
    }


SANDBOX = SandboxSpec(serve=_serve, connection=_connection, mischief=_mischief)
