"""What is in the distributions, seen from outside."""

import tarfile
import tomllib
import zipfile
from configparser import ConfigParser
from pathlib import Path

from tests.packaging.installation import build
from tests.repository import ROOT, shipped_files


def contents(wheel: Path) -> dict[str, bytes]:
    """Read every file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata_folder(wheel: Path) -> str:
    """Name the folder of the wheel's metadata."""
    return f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"


def test_wheel_holds_every_shipped_file_as_it_stands(wheel: Path) -> None:
    packed = {name: data for name, data in contents(wheel).items() if ".dist-info/" not in name}

    assert packed == {path: file.read_bytes() for path, file in shipped_files().items()}


def test_wheel_carries_the_manifest_beside_the_entry_points(wheel: Path) -> None:
    packed = contents(wheel)[f"{metadata_folder(wheel)}/extra_metadata/plugin.toml"]

    assert packed == (ROOT / "plugin.toml").read_bytes()


def test_manifest_and_entry_point_name_the_same_plugin(wheel: Path) -> None:
    packed = contents(wheel)
    entries = ConfigParser()
    entries.read_string(packed[f"{metadata_folder(wheel)}/entry_points.txt"].decode())
    manifest = tomllib.loads((ROOT / "plugin.toml").read_text(encoding="utf-8"))

    assert dict(entries["petiole"]) == {"canopydeploy": "petiole.plugins.canopydeploy"}
    assert dict(entries["console_scripts"]) == {"petiole": "petiole.host.cli:main"}
    assert "canopydeploy" in {manifest.get("id"), manifest.get("plugin", {}).get("id")}


def test_wheel_carries_the_licence(wheel: Path) -> None:
    packed = contents(wheel)[f"{metadata_folder(wheel)}/licenses/LICENSE"]

    assert packed == (ROOT / "LICENSE").read_bytes()


def test_wheel_built_from_the_tree_equals_the_one_from_the_sdist(
    wheel: Path, tmp_path: Path
) -> None:
    (direct,) = build("--wheel", into=tmp_path)

    assert contents(direct) == contents(wheel)


def test_sdist_holds_what_a_contributor_needs(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}

    assert packed >= {
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "plugin.toml",
        "pyproject.toml",
        "requirements/dev.txt",
        "tests/packaging/test_wheel.py",
    }
