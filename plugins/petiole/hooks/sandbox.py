"""How a plugin offers its platform's twin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from petiole.core.domain.fields import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """A stand-in for the platform that runs on loopback.

    `serve(host, port, announce)` blocks until SIGTERM or SIGINT; port 0 picks a free one. When
    ready it calls `announce` once with one line of JSON: an object of texts that holds `token`
    and `control`, the URL of a control API. That takes a fault script by POST to `faults`, and
    tells by GET of `ledger` what the platform holds:
    `{"profiles": {segment: {identifier: {field: value}}}, …}`.

    `connection` makes, from that announcement and the name of the environment variable that holds
    the token, the keys of a connection to the sandbox. `mischief` makes the fault script of the
    demo: some passing faults, and the given identifiers rejected.
    """

    serve: Callable[[str, int, Callable[[str], None]], None]
    connection: Callable[[Mapping[str, str], str], Mapping[str, JsonValue]]
    mischief: Callable[[Sequence[str]], Mapping[str, JsonValue]]
