"""Where things lie in the checkout, for the tests that read the tree itself."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE_ROOTS = tuple(ROOT / name for name in ("core", "adapters", "plugins"))
SHARED_DATA = ROOT.parent / "shared" / "data"


def shipped_files() -> dict[str, Path]:
    """Map each file's path inside the namespace (`petiole/core/errors.py`) to the file."""
    return {
        file.relative_to(root).as_posix(): file
        for root in SOURCE_ROOTS
        for file in sorted(root.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


def module_name(path: str) -> str:
    """Turn `petiole/core/domain/__init__.py` into `petiole.core.domain`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
