"""The platform's twin: a stateful, independent model of CanopyDeploy's wire on loopback.

It shares no code with the adapters, so that it does not share their mistakes.
"""

from petiole.plugins.canopydeploy.sandbox.service import Sandbox, running, serve

__all__ = ["Sandbox", "running", "serve"]
