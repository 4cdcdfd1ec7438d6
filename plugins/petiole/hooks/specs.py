"""Every hook that a plugin may implement.

A hook is a declaration: its body is its docstring, whatever it is annotated to return. An
implementation carries `@hookimpl` and may leave out arguments that it does not need.
"""

from typing import TYPE_CHECKING

from petiole.hooks.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from petiole.core.domain.events import EngagementsStored, MessageBuried, MessagesDelivered
    from petiole.hooks.adapters import AnyAdapterSpec
    from petiole.hooks.sandbox import SandboxSpec


@hookspec
def petiole_provide_adapters() -> "Sequence[AnyAdapterSpec]":  # type: ignore[empty-body] # a specification is never called
    """Offer adapters, the very ones that the manifest declares.

    Called before a connection is opened, perhaps more than once; opens and sends nothing itself.
    """


@hookspec
def petiole_provide_sandbox() -> "SandboxSpec":  # type: ignore[empty-body] # a specification is never called
    """Offer the twin of the plugin's platform; goes with `sandbox = true` in the manifest."""


@hookspec
def petiole_register_commands(cli: "click.Group") -> None:
    """Add commands to the command line: those that `commands` in the manifest names."""


@hookspec
def petiole_delivered(event: "MessagesDelivered") -> None:
    """Be told that messages were accepted by a platform; called after that is durable.

    Called in the thread that delivers, so it must be quick. May miss an event if the host is killed
    in between; what must not be missed is in the ledger.
    """


@hookspec
def petiole_buried(event: "MessageBuried") -> None:
    """Be told that a message became a dead letter; called as `petiole_delivered` is."""


@hookspec
def petiole_engaged(event: "EngagementsStored") -> None:
    """Be told what recipients did, after that is durable; each engagement once.

    Called in a thread that receives or pulls, so it must be quick, and two calls may run at once.
    May miss an event if the host is killed in between; what must not be missed is forwarded.
    """
