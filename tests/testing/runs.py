"""Whole pytest runs in processes of their own, on test files made up for them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.repository import ROOT, SOURCE_ROOTS

QUIET = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "--color=no")


def run_pytest(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests in a folder as its owner would; what it prints comes in one text."""
    paths = os.pathsep.join(str(root) for root in (*SOURCE_ROOTS, ROOT))
    return subprocess.run(
        [sys.executable, "-m", "pytest", *QUIET, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
