"""The web server on a thread of its own: granian within one event loop."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import TypeAlias

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import ASGIApp

from petiole.core.errors import ConfigurationError
from petiole.host.intake_settings import WebSettings

BACKLOG = 1_024
"""Connections that may wait to be accepted, and calls that may be under way."""
LAST_CALLS_SECONDS = 20.0
"""So long the last calls may take at the end."""
_LOOK_SECONDS = 0.005

MakeApp: TypeAlias = Callable[[asyncio.AbstractEventLoop], ASGIApp]


class WebServer:
    """Serves one application from `start` to `end`."""

    def __init__(self, make_app: MakeApp, settings: WebSettings) -> None:
        self._make_app = make_app
        self._settings = settings
        self._started: Future[tuple[asyncio.AbstractEventLoop, Server]] = Future()
        self._thread = Thread(target=self._run, name="petiole-web", daemon=True)
        self.port = settings.port

    @property
    def url(self) -> str:
        """Where it is served."""
        host = self._settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def start(self) -> None:
        """Listen; when this returns, calls are taken.

        Raises:
            ConfigurationError: the address cannot be listened on.
        """
        self.port = _free_port(self._settings)
        self._thread.start()
        self._started.result()

    @property
    def is_alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Take no more calls, answer those under way, and end."""
        loop, server = self._started.result()
        with suppress(RuntimeError):  # it ended by itself, and its loop is closed
            loop.call_soon_threadsafe(server.stop)
        self._thread.join(LAST_CALLS_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        settings = self._settings
        server = Server(
            self._make_app(loop),
            address=settings.host,
            port=self.port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=BACKLOG,
            http1_settings=HTTP1Settings(
                header_read_timeout=int(settings.timeout.total_seconds() * 1_000)
            ),
            log_enabled=False,
        )
        serving = asyncio.create_task(server.serve())
        while (  # noqa: ASYNC110 - the server gives no sign
            not serving.done() and not _listens(settings.host, self.port)
        ):
            await asyncio.sleep(_LOOK_SECONDS)
        if not serving.done():
            self._started.set_result((loop, server))
        await serving


def _free_port(settings: WebSettings) -> int:
    """Choose the port; granian itself would share one with another server of the same user."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
            probe.listen()
        except OSError as error:
            raise ConfigurationError(
                f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}; "
                "end what listens there, or set web.port (0 takes a free one)"
            ) from error
        port: int = probe.getsockname()[1]
    return port


def _listens(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
