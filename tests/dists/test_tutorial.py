"""The tutorial, block by block, in an environment like a reader's."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dists.conftest import build_wheel
from tests.packaging.installation import Environment, bare_environment, install
from tests.repository import ROOT

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
PORT = "8765"
MARK = "@@ block"

# What pip would fetch is there already; it looks nowhere else.
PIP = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the page. `told` is what the page says that its commands print."""

    number: int
    script: str
    told: Sequence[str] = ()


def blocks() -> Iterator[Block]:
    """Turn the page into parts of one shell script."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for number, (language, text) in enumerate(found):
        head, _, rest = text.partition("\n")
        if language == "console":
            lines = text.splitlines()
            commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
            told = [line for line in lines if not line.startswith("$ ")]
            yield Block(number, "\n".join(commands), told)
        elif head.startswith("# in "):
            key = rest.partition(" ")[0]
            script = (
                f"grep -q '^{key} ' {head[5:]} && sed -i 's|^{key} .*|{rest.strip()}|' {head[5:]}"
            )
            yield Block(number, script)
        elif language in {"python", "toml"}:
            assert re.fullmatch(r"# [\w/.]+", head), head
            yield Block(number, f"cat > {head[2:]} <<'END OF FILE'\n{rest}END OF FILE")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Make the environment of somebody who has installed petiole and pytest."""
    folder = tmp_path_factory.mktemp("reader")
    environment = bare_environment(folder / "venv", requirements=ROOT / "requirements" / "dev.txt")
    wheel = folder / "wheel"
    wheel.mkdir()
    install(build_wheel(ROOT, into=wheel), environment)
    for tool in ("pip", "pytest"):
        script = environment.folder / "bin" / tool
        script.write_text(f'#!/bin/sh\nexec python -m {tool} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return environment


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_every_block_does_what_the_page_says(reader: Environment, tmp_path: Path) -> None:
    page = list(blocks())
    parts = [f"echo '{MARK} {block.number}'\n{block.script}" for block in page]
    script = "\n".join(["set -e", "trap 'kill $(jobs -p)' EXIT", *parts])

    done = subprocess.run(
        ["bash", "-c", script.replace(PORT, str(free_port()))],
        cwd=tmp_path,
        env={
            "HOME": str(tmp_path),
            "PATH": f"{reader.folder / 'bin'}:/usr/bin:/bin",
            "COLUMNS": "100",
            **PIP,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    printed = dict(
        re.findall(rf"^{MARK} (\d+)\n(.*?)(?=^{MARK}|\Z)", done.stdout, re.MULTILINE | re.DOTALL)
    )
    for block in page:
        pattern = ".*".join(re.escape(line).replace("…", ".*") for line in block.told)
        assert re.search(pattern, printed[str(block.number)], re.DOTALL), done.stdout


def test_code_of_the_tutorial_comes_in_by_the_doors() -> None:
    imported = set(re.findall(r"^from (petiole\.\S+) import", PAGE, re.MULTILINE))

    assert imported == {"petiole.core", "petiole.hooks", "petiole.testing"}


def test_code_of_the_tutorial_is_typed_and_clean(reader: Environment, tmp_path: Path) -> None:
    for block in blocks():
        if block.script.startswith("cat > "):
            (tmp_path / "tests").mkdir(exist_ok=True)
            subprocess.run(["bash", "-c", block.script], cwd=tmp_path, check=True)

    typed = reader.run("python", "-m", "mypy", "--strict", ".", cwd=tmp_path)
    clean = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--line-length", "100", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert typed.returncode == 0, typed.stdout
    assert clean.returncode == 0, clean.stdout
