"""Post Singer records by a hundred: `singer_tap.py FILE | singer_target.py URL`.

It checks every record against the schema, as the SDK does unless told otherwise; that is two thirds
of its work.
"""

import json
import resource
import sys
import time

import httpx
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink

_CLIENT = httpx.Client()


class Hook(BatchSink):
    """Posts each batch as a JSON array."""

    max_size = 100

    def process_batch(self, context: dict[str, object]) -> None:
        """Post one batch."""
        content = json.dumps(context["records"], default=str)
        _CLIENT.post(sys.argv[1], content=content).raise_for_status()


class HookTarget(Target):
    """A target that knows one kind of sink."""

    name = "target-hook"
    config_jsonschema = th.PropertiesList().to_dict()
    default_sink_class = Hook


def main() -> None:
    """Drain standard input; tell what it took."""
    began = time.perf_counter()
    HookTarget(config={}).listen(sys.stdin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": time.perf_counter() - began, "peak_kib": peak}))


if __name__ == "__main__":
    main()
