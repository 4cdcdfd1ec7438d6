"""The twin as a running service: until a signal, or as long as a test needs it."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from petiole.plugins.canopydeploy.sandbox import analytics, control, oauth, realtime, webhook
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Request
from petiole.plugins.canopydeploy.sandbox.platform import Platform
from petiole.plugins.canopydeploy.sandbox.server import Server

SIGNALS = (signal.SIGINT, signal.SIGTERM)

ANNOUNCED = (
    *("rest", "soap", "control", "token"),
    *("analytics", "oauth", "client_id", "client_secret"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running twin: where it listens, how to get in, and its platform for a look inside.

    `token` is for REST and SOAP; `client_id` and `client_secret` get one for `analytics` at
    `oauth`.
    """

    rest: str
    soap: str
    control: str
    analytics: str
    oauth: str
    token: str
    client_id: str
    client_secret: str
    platform: Platform

    def announcement(self) -> str:
        """Return the one line of JSON that tells a caller everything."""
        return json.dumps({name: getattr(self, name) for name in ANNOUNCED})


@contextmanager
def running(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    announce: Callable[[str], None] | None = None,
) -> Iterator[Sandbox]:
    """Run the twin in the background; leaving stops it within a second.

    `port` 0 picks a free one. `announce`, if given, gets the one line of JSON once the twin is
    ready.
    """
    platform = Platform(token=token)
    server = Server(host, port, respond=partial(_respond, platform, control.Control(platform)))
    address = f"http://{server.address}"
    sandbox = Sandbox(
        rest=f"{address}{webhook.MOUNT}demo",
        soap=f"{address}{realtime.MOUNT}",
        control=f"{address}{control.MOUNT}",
        analytics=f"{address}{analytics.MOUNT}",
        oauth=f"{address}{oauth.MOUNT}",
        token=platform.token,
        client_id=platform.client.id,
        client_secret=platform.client.secret,
        platform=platform,
    )
    thread = threading.Thread(target=server.run, name="sandbox", daemon=True)
    thread.start()
    with ExitStack() as ending:
        ending.callback(thread.join)
        ending.callback(server.stop)
        ending.callback(platform.close)
        if announce:
            announce(sandbox.announcement())
        yield sandbox


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Run the twin until SIGINT or SIGTERM; call it from the main thread."""
    ended = threading.Event()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, lambda *_: ended.set())
    try:
        with running(host=host, port=port, token=token, announce=announce):
            sys.stdout.flush()  # a pipe holds the line back, and its reader waits for it
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _respond(platform: Platform, steering: control.Control, request: Request) -> Answer:
    """Send control calls one way and the platform's own the other."""
    if request.path.startswith(control.MOUNT) or request.path == control.MOUNT.rstrip("/"):
        return steering.answer(request)
    return platform.answer(request)
