"""Every hook that a plugin may implement. Reads as a table of contents."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from petiole.hooks.adapters import AdapterSpec
from petiole.hooks.markers import hookspec
from petiole.hooks.sandbox import SandboxSpec

if TYPE_CHECKING:
    import click
    from pydantic import BaseModel

    from petiole.core.domain.events import MessageBuried, MessagesDelivered


@hookspec
def petiole_provide_adapters() -> "Sequence[AdapterSpec[BaseModel, object]]":  # type: ignore[empty-body]  # a declaration
    """Offer adapters. Called once, before any connection is opened; must not open anything itself."""


@hookspec
def petiole_provide_sandbox() -> SandboxSpec:  # type: ignore[empty-body]  # a declaration
    """Offer the twin of the plugin's platform."""


@hookspec
def petiole_register_commands(cli: "click.Group") -> None:
    """Add commands to the command line."""


@hookspec
def petiole_delivered(event: "MessagesDelivered") -> None:
    """Be told that messages were accepted by a platform; called after that is durable."""


@hookspec
def petiole_buried(event: "MessageBuried") -> None:
    """Be told that a message became a dead letter."""
