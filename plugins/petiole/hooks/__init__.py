"""The plugin author's door: everything that a plugin needs to import, and nothing else.

A whole plugin in a few lines:

    from petiole.hooks import AdapterSpec, hookimpl

    @hookimpl
    def petiole_provide_adapters():
        return [
            AdapterSpec(id="acme.sink", port=ProfileSink, settings=AcmeSettings, open=open_sink)
        ]
"""

from petiole.hooks.adapters import AdapterContext, AdapterSpec, AnyAdapterSpec
from petiole.hooks.duration import Duration
from petiole.hooks.manifest import HOST_API, Manifest, ManifestAdapter
from petiole.hooks.markers import hookimpl
from petiole.hooks.pace import Pace
from petiole.hooks.sandbox import SandboxSpec
from petiole.hooks.secret import Secret

__all__ = [
    "HOST_API",
    "AdapterContext",
    "AdapterSpec",
    "AnyAdapterSpec",
    "Duration",
    "Manifest",
    "ManifestAdapter",
    "Pace",
    "SandboxSpec",
    "Secret",
    "hookimpl",
]
