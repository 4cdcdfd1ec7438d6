"""The demo, as a user runs it."""

import re
import subprocess
import sys


def test_demo_shows_the_sums_and_loses_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "petiole.host", "demo", "--profiles", "2000"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"first batch: \d+ profiles delivered \d+\.\d\d s after start", done.stderr)
    for row in ("added", "updated", "removed", "folded", "retried", "dead", "batches"):
        assert row in done.stdout
    assert "105: Undefined value for field loyalty_tier" in done.stdout
    assert "Nothing was lost." in done.stdout
    assert "Next: petiole init" in done.stdout
