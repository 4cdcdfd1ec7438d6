"""What opening a client loads: the library is paid for by who calls, and once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from petiole.core.domain.report import ACCEPTED
from tests.adapters.canopydeploy.made import TOKEN, TOKEN_VARIABLE, message
from tests.adapters.canopydeploy.soap.made import TRUE, answering, runs

OPENED = """
import sys
from petiole.adapters.canopydeploy.campaigns import open_campaigns
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.adapters.canopydeploy.soap.sink import open_realtime_sink
from petiole.hooks import AdapterContext, Secret

settings = CanopyDeployRealtimeSettings(token=Secret("env", sys.argv[1]))
context = AdapterContext(connection="alerts", identifier="customer-id", settings=settings)
with open_realtime_sink(context), open_campaigns(context):
    print([name for name in ("lxml", "requests", "zeep") if name in sys.modules])
"""


def test_opening_loads_no_library() -> None:
    told = subprocess.run(
        [sys.executable, "-c", OPENED, TOKEN_VARIABLE],
        env={**os.environ, TOKEN_VARIABLE: TOKEN},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    assert told.strip() == "[]"


def test_first_calls_may_come_together() -> None:
    all_there = Barrier(4)

    with runs(answering(TRUE)) as sink, ThreadPoolExecutor(4) as pool:

        def deliver(number: int) -> object:
            all_there.wait()
            return sink.deliver([message(number)]).outcomes[message(number).id]

        assert set(pool.map(deliver, range(4))) == {ACCEPTED}
