"""Which engagements are meant: the arguments and options that say it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TypeVar

import rich_click as click

from petiole.core.domain.engagement import EngagementKind, EngagementSelection
from petiole.hooks.duration import parse_duration
from petiole.host.settings import load_settings

Result = TypeVar("Result")


class Moment(click.ParamType[datetime]):
    """A date, a moment, or how long ago; with `past`, none that is yet to come."""

    name = "date|duration"

    def __init__(self, *, past: bool = False) -> None:
        self._past = past

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it; what names no zone is UTC."""
        if isinstance(value, datetime):
            return value
        try:
            told = datetime.fromisoformat(str(value))
        except ValueError:
            try:
                return datetime.now(UTC) - parse_duration(value)
            except (ValueError, OverflowError):
                self.fail('write for example 2026-03-02, 2026-03-02T08:00 or "7d"', param, ctx)
        moment = told if told.tzinfo else told.replace(tzinfo=UTC)
        if self._past and moment > datetime.now(UTC):
            self.fail("nothing has happened since then: it is yet to come", param, ctx)
        return moment


since_option = click.option(
    "--since", type=Moment(past=True), help="Those that happened since then only."
)


def selecting(function: Callable[..., Result]) -> Callable[..., Result]:
    """Add the arguments and options that select; the command takes `settings` and `selection`."""

    @click.argument("connections", nargs=-1)
    @click.option(
        "--kind",
        "kinds",
        multiple=True,
        type=click.Choice([kind.value for kind in EngagementKind]),
        help="Of this kind only; may be repeated.",
    )
    @click.option("--campaign", default="", help="Of this campaign only.")
    @since_option
    @click.option("--until", type=Moment(), help="Those that happened before then only.")
    @click.pass_obj
    @wraps(function)
    def selected(
        config: Path,
        /,
        *,
        connections: Sequence[str],
        kinds: Sequence[str],
        campaign: str,
        since: datetime | None,
        until: datetime | None,
        **others: object,
    ) -> Result:
        settings = load_settings(config)
        selection = EngagementSelection(
            connections=[settings.connection(name)[0] for name in connections],
            kinds=[EngagementKind(kind) for kind in kinds],
            campaign_id=campaign,
            since=since,
            until=until,
        )
        return function(settings, selection, **others)

    return selected
