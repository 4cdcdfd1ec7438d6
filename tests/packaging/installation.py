"""Building the distributions, and environments that hold petiole and what it needs to run."""

import re
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.repository import ROOT

PIP = (sys.executable, "-m", "pip", "--isolated", "--quiet")
PURELIB = Path(sysconfig.get_path("purelib"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A virtual environment and its command line."""

    folder: Path

    def run(self, command: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's commands away from the checkout, with nobody at the keys."""
        return subprocess.run(
            [str(self.folder / "bin" / command), *arguments],
            cwd=cwd,
            env={"HOME": str(cwd), "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


def locked_names(requirements: Path) -> set[str]:
    """Name the distributions that a requirements file pins."""
    pins = re.findall(r"^([\w.-]+)==", requirements.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return set(pins)


def bare_environment(folder: Path, *, requirements: Path) -> Environment:
    """Make an environment offline: what the requirements name is linked from the running one."""
    venv.create(folder, symlinks=True, with_pip=False)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / version / "site-packages"
    for name in locked_names(requirements):
        try:
            files = metadata.distribution(name).files or []
        except metadata.PackageNotFoundError:
            continue  # pinned for another platform
        for entry in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            if not (site / entry).exists():
                (site / entry).symlink_to(PURELIB / entry)
    return Environment(folder=folder)


def install(wheel: Path, environment: Environment) -> None:
    """Install a wheel and nothing else."""
    python = str(environment.folder / "bin" / "python")
    subprocess.run(
        [*PIP, "--python", python, "install", "--no-deps", "--no-index", str(wheel)],
        cwd=environment.folder,
        check=True,
    )


def build(*arguments: str, into: Path) -> list[Path]:
    """Build distributions of the checkout with the backend at hand, offline."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(into), *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return sorted(into.iterdir())


def build_editable(*, into: Path) -> Path:
    """Build the wheel that an editable install of the checkout puts in place."""
    script = f"from hatchling.build import build_editable; build_editable({str(into)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = into.glob("*.whl")
    return wheel
