"""Inputs larger than memory: the command stays small, however much flows through it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.project import SEGMENT, Project

MEMORY_KIB = 200 * 1024
THREE_GIGABYTES = 3_000_000_000
NAME_ONLY = '[connections.newsletter.fields]\nname = "name"\n'
WRITE_BYTES = 16_000_000

MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""Prints a command's peak in KiB; a process inherits its parent's, so this parent is small."""


def stream(size: int, width: int) -> Iterator[bytes]:
    """Make up a CSV of at least `size` bytes whose rows are about `width` bytes long."""
    yield b"id,name,note\n"
    note = b"n" * width
    rows = max(1, WRITE_BYTES // width)
    made = number = 0
    while made < size:
        numbers = range(number, number + rows)
        block = b"".join(b"%d,Name %d,%s\n" % (n, n, note) for n in numbers)
        yield block
        made += len(block)
        number += rows


@pytest.mark.parametrize(
    ("size", "width", "fields"),
    [
        pytest.param(THREE_GIGABYTES, 65_536, NAME_ONLY, id="3 GB of wide rows"),
        pytest.param(50_000_000, 200, NAME_ONLY, id="200,000 and more rows"),
        pytest.param(300_000_000, 1_000_000, "", id="rows of 1 MB, all of it sent"),
    ],
)
def test_memory_stays_bounded(project: Project, size: int, width: int, fields: str) -> None:
    project.configure(tables=fields)
    arguments = ("sync", "newsletter", "-", "--segment", SEGMENT, "--key", "id", "--queue-only")
    with subprocess.Popen(
        [sys.executable, "-c", MEASURED, *project.command(*arguments)],
        cwd=project.folder,
        env=project.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        rows = -1
        for block in stream(size, width):
            host.stdin.write(block)
            rows += block.count(b"\n")
        host.stdin.close()
        peak_kib = int(host.stdout.read().split()[-1])

    assert host.returncode == 0
    assert peak_kib < MEMORY_KIB
    assert project.status()["pending"] == rows
