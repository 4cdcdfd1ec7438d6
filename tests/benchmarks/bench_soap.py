"""What the SOAP client costs in our own process: building it, and each call, beside bare httpx.

Nothing leaves the process: a mock transport answers. Run it with:
python tests/benchmarks/bench_soap.py [calls]
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

import httpx

from petiole.adapters.canopydeploy.soap.interface import namespace_of
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.adapters.canopydeploy.soap.sink import open_realtime_sink
from petiole.core.domain.change import (
    AccountName,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.hooks import AdapterContext, Secret

TOKEN_VARIABLE = "BENCH_TOKEN"
URL = "https://soap.example.org/index.php"
MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
BUILDS = 5
FIELDS = {
    "firstname": "Jon",
    "lastname": "Yang",
    "gender": "Male",
    "first_purchase": "2020-01-19",
    "city": "Köln",
}
ANSWER = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    f'<n:campaign_executeAsyncResponse xmlns:n="{namespace_of("secure")}">'
    "<n:code>0</n:code><n:msg>true</n:msg></n:campaign_executeAsyncResponse></e:Body></e:Envelope>"
).encode()

BUILD = """
import time
began = time.perf_counter()
from petiole.adapters.canopydeploy.soap.caller import Caller
from petiole.adapters.canopydeploy.soap.interface import interface
imported = time.perf_counter()
interface("secure")
print(imported - began, time.perf_counter() - imported)
"""


def _built() -> tuple[float, float]:
    """Import and parse in a fresh process; both in seconds, the best of a few."""
    runs = []
    for _ in range(BUILDS):
        done = subprocess.run(
            [sys.executable, "-c", BUILD], check=True, capture_output=True, text=True
        )
        imported, parsed = map(float, done.stdout.split())
        runs.append((imported, parsed))
    return min(run[0] for run in runs), min(run[1] for run in runs)


def _message() -> Message:
    scope = Scope(
        account=AccountName("bench"),
        connection=ConnectionName("bench"),
        segment=SegmentId("4711"),
    )
    change = ProfileChange(
        scope=scope,
        identifier=Identifier.customer_id("11000"),
        kind=ChangeKind.ADD,
        occurred_at=MOMENT,
        fields=Fields.of(FIELDS),
    )
    return Message(MessageId(1), change, 1, MOMENT)


def _milliseconds(call: Callable[[], object], calls: int) -> float:
    """Tell the median cost of a call."""
    for _ in range(20):
        call()
    costs = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        costs.append(time.perf_counter() - began)
    return statistics.median(costs) * 1000


def main(calls: int) -> None:
    """Measure, and print."""
    os.environ[TOKEN_VARIABLE] = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, content=ANSWER, headers={"Content-Type": "text/xml"})
    )
    context = AdapterContext(
        connection=ConnectionName("bench"),
        identifier=IdentifierType.CUSTOMER_ID,
        settings=CanopyDeployRealtimeSettings(token=Secret("env", TOKEN_VARIABLE), soap_url=URL),
    )
    imported, parsed = _built()
    message = _message()
    with ExitStack() as stack:
        began = time.perf_counter()
        sink = stack.enter_context(open_realtime_sink(context, transport=transport))
        opened = time.perf_counter() - began
        began = time.perf_counter()
        sink.deliver([message])
        first = time.perf_counter() - began
        client = stack.enter_context(httpx.Client(transport=transport))
        body = ANSWER + b" " * 900  # about as long as a call
        ours = _milliseconds(lambda: sink.deliver([message]), calls)
        bare = _milliseconds(lambda: client.post(URL, content=body).read(), calls)
    rows = (
        ("building a client in a fresh process", (imported + parsed) * 1000, "goal: under 1500"),
        ("  of which importing", imported * 1000, ""),
        ("  of which parsing the shipped WSDL", parsed * 1000, ""),
        ("opening a sink", opened * 1000, "loads nothing yet"),
        ("its first call, imports done", first * 1000, ""),
        ("a call through the sink", ours, "goal: under 3"),
        ("a bare httpx post beside it", bare, f"ratio {ours / bare:.1f}"),
    )
    for what, milliseconds, note in rows:
        sys.stdout.write(f"{what:40} {milliseconds:9.3f} ms  {note}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
