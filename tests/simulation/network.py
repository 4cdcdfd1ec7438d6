"""The way between a process and the real twin: an httpx transport in virtual time.

What a socket would show, it shows: silence, resets, half of an answer, one byte at a time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx

from petiole.core.domain.change import AccountName
from petiole.core.domain.message import Message
from petiole.plugins.canopydeploy.sandbox.document import Document
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Manner, Request
from petiole.plugins.canopydeploy.sandbox.platform import Platform
from petiole.plugins.canopydeploy.sandbox.writing import promised
from tests.simulation.process import Process, Waiter
from tests.simulation.setup import TIMEOUT_SECONDS
from tests.simulation.strands import current

if TYPE_CHECKING:
    from tests.simulation.world import World

_PART = bytes(17 * 1024 * 1024)
_GONE = "Server disconnected without sending a response."


@dataclass(eq=False, slots=True)
class Call:
    """One request that is on its way. A stray one is awaited by nobody any more."""

    number: int
    account: AccountName
    process: Process
    messages: Mapping[str, Message]
    sent_at: timedelta
    waiter: Waiter | None = None
    answer: Answer | None = None
    applied: list[int] = field(default_factory=list)

    @property
    def is_stray(self) -> bool:
        """Whether its process gave up waiting for it, or is dead."""
        world = self.process.world
        late = world.clock.uptime() - self.sent_at > timedelta(seconds=TIMEOUT_SECONDS)
        return late or self.waiter is None or not self.process.is_alive


class Network:
    """Carries requests to the platforms, and answers back."""

    def __init__(self, world: "World", platforms: Mapping[AccountName, Platform]) -> None:
        self.world = world
        self.platforms = platforms
        self.calls = 0

    def send(self, call: Call, request: Request) -> None:
        """Let a request arrive after a while, perhaps when nobody waits for it any more."""
        random = self.world.random
        seconds = random.choice([0.01, 0.05, random.uniform(0, 5), random.uniform(0, 5)])
        if random.random() < self.world.setup.roughness * 0.03:
            seconds = TIMEOUT_SECONDS + random.uniform(0, 40)
        self.world.timeline.after(seconds, lambda: self._arrive(call, request))

    def _arrive(self, call: Call, request: Request) -> None:
        world, random = self.world, self.world.random
        if not call.process.is_alive and random.random() < 0.4:
            world.story.tell(call.account, f"call {call.number} was never written")
            return
        weather = world.weather[call.account]
        platform = self.platforms[call.account]
        rules = weather.rules(world.clock.now())
        platform.state.faults.script(Document({"rules": rules}, where="weather"))
        call.answer = platform.answer(request)
        world.witness.arrived(call, call.answer)
        fault = f" {call.answer.note.fault}" if call.answer.note.fault else ""
        stray = " (stray)" * call.is_stray
        world.story.tell(
            call.account,
            f"call {call.number}: {call.answer.status}{fault}, applied {call.applied}{stray}",
        )
        if call.waiter is not None:
            world.timeline.after(random.choice([0.01, random.uniform(0, 3)]), call.waiter.wake)


class Cable(httpx.BaseTransport):
    """The wire seam of one process's sink."""

    def __init__(self, network: Network, process: Process, account: AccountName) -> None:
        self._network = network
        self._process = process
        self._account = account

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and wait for what a socket would show."""
        world, process = self._network.world, self._process
        random, weather = world.random, world.weather[self._account]
        began = world.clock.uptime()
        if weather.is_out:
            if random.random() < 0.5:
                process.sleep(TIMEOUT_SECONDS)
                raise httpx.ConnectTimeout("timed out", request=request)
            process.sleep(0.01)
            raise httpx.ConnectError("[Errno 111] Connection refused", request=request)
        if random.random() < 0.3:
            process.sleep(random.choice([0.0, 0.2]))
        self._require_time(began, httpx.WriteTimeout, request)
        strand = current()
        assert strand is not None
        call = world.witness.sending[strand]
        self._network.calls += 1
        call.number, call.sent_at = self._network.calls, world.clock.uptime()
        call.waiter = Waiter(process)
        world.witness.written(call)
        world.spring(process, again=strand.calls > 0)
        strand.calls += 1
        self._network.send(call, _as_read(request))
        call.waiter.wait(TIMEOUT_SECONDS - self._spent(began))
        call.waiter = None
        self._require_time(began, httpx.ReadTimeout, request)
        answer = call.answer
        if answer is None:
            raise httpx.ReadTimeout("timed out", request=request)
        return self._shown(answer, request, began)

    def _spent(self, began: timedelta) -> float:
        return (self._network.world.clock.uptime() - began) / timedelta(seconds=1)

    def _require_time(
        self, began: timedelta, error: type[httpx.TimeoutException], request: httpx.Request
    ) -> None:
        if self._spent(began) >= TIMEOUT_SECONDS:
            raise error("the call as a whole took too long", request=request)

    def _time_out(self, began: timedelta, request: httpx.Request) -> httpx.ReadTimeout:
        self._process.sleep(TIMEOUT_SECONDS - self._spent(began))
        return httpx.ReadTimeout("timed out", request=request)

    def _shown(self, answer: Answer, request: httpx.Request, began: timedelta) -> httpx.Response:
        """Show an answer in its manner."""
        body: bytes = answer.body
        match answer.manner:
            case Manner.SILENCE | Manner.TRICKLE:
                raise self._time_out(began, request)
            case Manner.RAW:
                raise httpx.RemoteProtocolError("illegal status line", request=request)
            case Manner.CUT | Manner.HALF_CLOSED:
                raise httpx.RemoteProtocolError(_GONE, request=request)
            case Manner.RESET:
                raise httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
            case Manner.SHORT:
                body = body[: promised(answer)]
            case Manner.FLOOD:
                body = _PART
            case Manner.MIDWAY:
                broken = httpx.RemoteProtocolError("peer closed connection", request=request)
                return _response(answer, _Broken(body[: len(body) // 2], broken))
            case Manner.LONG | Manner.TRICKLE_BODY:
                return _response(answer, _Broken(body, self._time_out(began, request)))
            case _:
                pass
        return _response(answer, _Whole(body))


class _Whole(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body


class _Broken(_Whole):
    """Some bytes, and then no more."""

    def __init__(self, body: bytes, error: httpx.TransportError) -> None:
        super().__init__(body)
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        raise self._error


def _response(answer: Answer, stream: httpx.SyncByteStream) -> httpx.Response:
    return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream)


def _as_read(request: httpx.Request) -> Request:
    """Read a request as the twin's server does."""
    url = request.url
    return Request(
        method=request.method,
        path=url.path,
        query=dict(parse_qsl(url.query.decode(), keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read(),
        host=url.netloc.decode(),
    )
