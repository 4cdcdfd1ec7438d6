"""Try plugins in processes of their own: nothing of theirs is imported into this one.

So the list of plugins is safe to ask for. One that ends the process when it is imported, crashes it
or never comes back is one line of the list.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import replace

from petiole.host.discovery import Plugins
from petiole.host.installed import FoundPlugin, find_plugins

LONGEST_SECONDS = 30.0
"""For one plugin; most take half a second."""

_SAY_LAST = 300


def probe_all(
    found: Sequence[FoundPlugin], *, seconds: float = LONGEST_SECONDS
) -> Sequence[FoundPlugin]:
    """Tell of each plugin what comes of loading it; those that were refused already stay so."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda plugin: _probed(plugin, seconds), found))


def _probed(plugin: FoundPlugin, seconds: float) -> FoundPlugin:
    if plugin.error:
        return plugin
    try:
        done = subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-P", "-m", __name__, plugin.name, plugin.distribution],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return replace(plugin, error=f"loading it took longer than {seconds:g} seconds")
    try:
        error = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or [""])[-1][-_SAY_LAST:]
        error = f"loading it ended the process with code {done.returncode}" + (said and f": {said}")
    return replace(plugin, error=error)


def main(name: str, distribution: str) -> None:
    """Load one plugin; print as JSON why it cannot be used, or an empty text."""
    with redirect_stdout(sys.stderr):
        found = [p for p in find_plugins() if (p.name, p.distribution) == (name, distribution)]
        (tried,) = Plugins(found).load_all()
    sys.stdout.write(json.dumps(tried.error))


if __name__ == "__main__":
    main(*sys.argv[1:])
