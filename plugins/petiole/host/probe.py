"""Try plugins in processes of their own: nothing of theirs is imported into this one.

So the list of plugins and of their keys is safe to ask for. One that ends the process when it is
imported, crashes it or never comes back is one line of the list.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from tempfile import TemporaryFile

from petiole.core.errors import ConfigurationError
from petiole.host.discovery import Plugins
from petiole.host.installed import FoundPlugin, find_plugins
from petiole.host.schema import SinkKeys, sink_keys

LONGEST_SECONDS = 10.0
"""For one plugin; most take half a second."""
SLOW_SECONDS = 1.0
"""After that, somebody who waits may want to know for whom."""

_SAY_LAST_BYTES = 300
_WITH_KEYS = "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What came of trying a plugin: `plugin.error` tells why it cannot be used, if it cannot."""

    plugin: FoundPlugin
    keys: Sequence[SinkKeys] = ()
    """The keys of its sinks, if they were asked for."""


def probe_all(
    found: Sequence[FoundPlugin],
    *,
    with_keys: bool = False,
    seconds: float = LONGEST_SECONDS,
    slow: Callable[[str], None] = lambda _: None,
) -> Sequence[Probed]:
    """Tell of each plugin what comes of loading it; those that were refused already stay so.

    Args:
        found: the plugins.
        with_keys: also describe the keys of their sinks.
        seconds: how long each may take.
        slow: is told the name of one that takes longer than most, from another thread.
    """
    probed = partial(_probed, with_keys=with_keys, seconds=seconds, slow=slow)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(probed, found))


def _probed(
    plugin: FoundPlugin, *, with_keys: bool, seconds: float, slow: Callable[[str], None]
) -> Probed:
    if plugin.error:
        return Probed(plugin=plugin)
    asked = [plugin.name, plugin.distribution, _WITH_KEYS if with_keys else ""]
    # Files rather than pipes: a process that the plugin starts would keep a pipe open.
    with TemporaryFile() as answer, TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-P", "-m", __name__, *asked],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=said,
            start_new_session=True,
        )
        try:
            code = _code(process, seconds, partial(slow, plugin.name))
        except subprocess.TimeoutExpired:
            error = f"loading it took longer than {seconds:g} seconds"
            return Probed(plugin=replace(plugin, error=error))
        finally:
            _end(process)
        answer.seek(0)
        said.seek(0)
        try:
            told = json.loads(answer.read())
        except ValueError:
            last = _last_line(said.read())
            error = f"loading it ended the process with code {code}" + (last and f": {last}")
            return Probed(plugin=replace(plugin, error=error))
    keys = [SinkKeys(**document) for document in told["keys"]]
    return Probed(plugin=replace(plugin, error=told["error"]), keys=keys)


def _code(process: "subprocess.Popen[bytes]", seconds: float, slow: Callable[[], None]) -> int:
    first = min(seconds, SLOW_SECONDS)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(first)
    slow()
    return process.wait(seconds - first)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it, and whatever it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(said: bytes) -> str:
    lines = said[-_SAY_LAST_BYTES:].decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def main(name: str, distribution: str, wanted: str) -> None:
    """Load one plugin; write as JSON why it cannot be used, or an empty text, and its keys."""
    answer = os.dup(1)
    os.dup2(2, 1)  # whatever it prints, by whatever means, does not mix with the answer
    found = [p for p in find_plugins() if (p.name, p.distribution) == (name, distribution)]
    plugins = Plugins(found)
    (tried,) = plugins.load_all()
    error, keys = tried.error, list[SinkKeys]()
    if wanted == _WITH_KEYS and tried.manifest and not error:
        try:
            keys = sink_keys(tried.manifest, plugins.adapters(name))
        except ConfigurationError as trouble:
            error = str(trouble)
    with os.fdopen(answer, "w", encoding="utf-8") as file:
        json.dump({"error": error, "keys": [asdict(one) for one in keys]}, file)
    sys.stderr.flush()
    os._exit(0)  # what the plugin has started must not keep us


if __name__ == "__main__":
    main(*sys.argv[1:])
