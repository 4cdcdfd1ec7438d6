"""The plugin of a stranger: every hook that an author may implement, built with other tools."""

from collections.abc import Sequence
from pathlib import Path

import click

from petiole.core.domain.events import MessagesDelivered
from petiole.hooks import AnyAdapterSpec, hookimpl


@hookimpl
def petiole_provide_adapters() -> Sequence[AnyAdapterSpec]:
    from .folder import ADAPTERS  # noqa: PLC0415 - a platform's client is imported when it is used

    return ADAPTERS


@hookimpl
def petiole_delivered(event: MessagesDelivered) -> None:
    with Path("delivered.log").open("a", encoding="utf-8") as log:
        log.write(f"{event.connection} {len(event.messages)}\n")


@hookimpl
def petiole_register_commands(cli: click.Group) -> None:
    @cli.command("postbox")
    @click.argument("folder")
    def command(folder: str) -> int:
        """Count the profiles in FOLDER."""
        click.echo(f"{len(list(Path(folder).rglob('*.json')))} in the box")
        return 0
