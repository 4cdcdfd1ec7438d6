"""The bundled plugin for CanopyDeploy (Clang, Deployteq): hookimpls only, everything else late."""

from typing import TYPE_CHECKING

from petiole.hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from petiole.hooks import AnyAdapterSpec, SandboxSpec


@hookimpl
def petiole_provide_adapters() -> "Sequence[AnyAdapterSpec]":
    """Offer both lanes, the list of campaigns and the diagnosis."""
    from petiole.plugins.canopydeploy.offer import ADAPTERS

    return ADAPTERS


@hookimpl
def petiole_provide_sandbox() -> "SandboxSpec":
    """Offer the platform's twin."""
    from petiole.plugins.canopydeploy.offer import SANDBOX

    return SANDBOX
