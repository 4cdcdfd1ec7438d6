"""What `petiole new-plugin` writes: a distribution that installs, loads and keeps its contract."""

import re
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from shutil import rmtree
from string import Template

from petiole.core.errors import InvalidSettings

_FILES = {
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "module.py": "$module.py",
    "plugin.toml": "plugin.toml",
    "pyproject.toml": "pyproject.toml",
    "test_module.py": "tests/test_$module.py",
}
"""Template -> where it goes, inside the new folder."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME = 40
_RULE = "lowercase letters, digits and single hyphens, a letter first, such as acme or acme-mail"


def write_plugin(name: str, folder: Path) -> Path:
    """Write the distribution `petiole-NAME` into a new folder of that name; returns the folder.

    Raises:
        InvalidSettings: not a name for a plugin, or the folder is there already or cannot be
            written. Nothing that was there is touched, and nothing half-written is left.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise InvalidSettings(f"{name!r} is no name for a plugin: {_RULE}")
    if name.startswith("petiole-"):
        raise InvalidSettings(
            f"leave out the prefix: `petiole new-plugin {name.removeprefix('petiole-')}` "
            f"writes {name}"
        )
    root = folder / f"petiole-{name}"
    try:
        root.mkdir()
    except FileExistsError as error:
        raise InvalidSettings(f"{root} is there already; it was left as it is") from error
    except OSError as error:
        raise InvalidSettings(f"cannot write {root}: {error.strerror}") from error
    try:
        _fill(root, _words(name))
    except OSError as error:
        rmtree(root, ignore_errors=True)
        raise InvalidSettings(f"cannot write into {root}: {error.strerror}") from error
    return root


def _words(name: str) -> dict[str, str]:
    return {
        "id": name,
        "distribution": f"petiole-{name}",
        "module": f"petiole_{name.replace('-', '_')}",
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": " ".join(part.capitalize() for part in name.split("-")),
        "petiole_version": version("petiole"),
    }


def _fill(root: Path, words: dict[str, str]) -> None:
    for template, target in _FILES.items():
        source = files(__name__).joinpath("templates", f"{template}.template")
        path = root / Template(target).substitute(words)
        path.parent.mkdir(exist_ok=True)
        text = Template(source.read_text(encoding="utf-8")).substitute(words)
        path.write_text(text, encoding="utf-8")
