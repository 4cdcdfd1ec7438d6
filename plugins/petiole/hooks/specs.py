"""Every hook that a plugin may implement.

A hook is a declaration: its body is its docstring, whatever it is annotated to return.
"""

from typing import TYPE_CHECKING

from petiole.hooks.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from petiole.core.domain.events import MessageBuried, MessagesDelivered
    from petiole.hooks.adapters import AnyAdapterSpec
    from petiole.hooks.sandbox import SandboxSpec


@hookspec
def petiole_provide_adapters() -> "Sequence[AnyAdapterSpec]":  # type: ignore[empty-body]
    """Offer adapters. Called once, before any connection is opened; opens nothing itself."""


@hookspec
def petiole_provide_sandbox() -> "SandboxSpec":  # type: ignore[empty-body]
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
