"""Looks at connections without an outbox: their campaigns, and what keeps them from working."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from petiole.core.domain.campaign import Campaign
from petiole.core.domain.change import ConnectionName
from petiole.core.errors import ConfigurationError, MissingSecret, UnknownAdapter
from petiole.core.ports.campaign_source import CampaignSource
from petiole.core.ports.diagnosis import Aspect, Diagnosis, Finding, Health
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import Secret
from petiole.host.discovery import Plugins, find_plugins
from petiole.host.registry import Registry, secrets_in
from petiole.host.settings import ConnectionSettings, load_settings


def installed() -> Registry:
    """Offer what the installed plugins do."""
    return Registry(Plugins(find_plugins()))


def list_campaigns(
    connection: ConnectionName, settings: ConnectionSettings, registry: Registry
) -> Sequence[Campaign]:
    """List the campaigns behind a connection, sorted by name.

    Raises:
        ConfigurationError: the connection cannot be opened.
        DeliveryError: the platform does not answer.
    """
    with registry.open(CampaignSource, connection, settings) as source:
        return source.campaigns()


def diagnose(path: Path, connection: str, registry: Registry) -> Iterator[Finding]:
    """Look at settings and secrets, open what would deliver, let the plugin look at its platform.

    Ends after the first part that cannot be used. Never raises a `ConfigurationError`: it is a
    finding.
    """
    try:
        name, settings = load_settings(path).connection(connection)
        keys = registry.keys(name, settings)
    except ConfigurationError as error:
        yield Finding(
            aspect=Aspect.SETTINGS,
            health=Health.FAIL,
            subject=connection,
            told=str(error),
            remedy=f"mend {path}",
        )
        return
    yield Finding(
        aspect=Aspect.SETTINGS,
        health=Health.OK,
        subject=connection,
        told=f"plugin {settings.plugin}, {settings.lane} lane, from {path}",
    )
    readable = True
    for key, secret in secrets_in(keys):
        finding = _secret(secret, key)
        readable &= finding.health is not Health.FAIL
        yield finding
    if readable:
        opening = _opening(name, settings, registry)
        yield opening
        if opening.health is not Health.FAIL:
            yield from _on_platform(name, settings, registry)


def _opening(name: ConnectionName, settings: ConnectionSettings, registry: Registry) -> Finding:
    """Open the adapter that would deliver, and close it again."""
    try:
        with registry.open(ProfileSink, name, settings):
            pass
    except ConfigurationError as error:
        return _unusable(settings.plugin, error)
    return Finding(
        aspect=Aspect.SETTINGS,
        health=Health.OK,
        subject=settings.plugin,
        told=f"opens for the {settings.lane} lane",
    )


def _secret(secret: Secret, key: str) -> Finding:
    """Read a secret; its value stays here."""
    try:
        secret.reveal()
    except MissingSecret as error:
        told, _, remedy = str(error).partition("; ")
    except ConfigurationError as error:
        told, remedy = str(error), ""
    else:
        return Finding(
            aspect=Aspect.SECRET, health=Health.OK, subject=key, told=f"found in {secret}"
        )
    return Finding(aspect=Aspect.SECRET, health=Health.FAIL, subject=key, told=told, remedy=remedy)


def _on_platform(
    name: ConnectionName, settings: ConnectionSettings, registry: Registry
) -> Iterator[Finding]:
    try:
        with registry.open(Diagnosis, name, settings) as diagnosis:
            yield from diagnosis.findings()
    except UnknownAdapter:
        # Not a warning: nothing is amiss, and a script could never see this connection well.
        yield Finding(
            aspect=Aspect.INTERFACE,
            health=Health.OK,
            subject=settings.plugin,
            told="cannot look at its platform beforehand; the first delivery will tell",
        )
    except ConfigurationError as error:
        yield _unusable(name, error)


def _unusable(subject: str, error: ConfigurationError) -> Finding:
    aspect = Aspect.SECRET if isinstance(error, MissingSecret) else Aspect.SETTINGS
    return Finding(aspect=aspect, health=Health.FAIL, subject=subject, told=str(error))
