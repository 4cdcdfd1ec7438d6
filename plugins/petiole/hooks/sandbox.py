"""How a plugin offers its platform's twin."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """A stand-in for the platform that runs on loopback.

    `serve(host, port, announce)` blocks until SIGTERM or SIGINT; port 0 picks a free one. When
    ready it calls `announce` once with one line of JSON, which holds at least `control` (URL of the
    control API) and `token`.
    """

    plugin: str
    serve: Callable[[str, int, Callable[[str], None]], None]
