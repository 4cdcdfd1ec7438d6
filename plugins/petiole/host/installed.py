"""What is installed: plugins by entry point and manifest, before any of their code runs."""

import json
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, EntryPoint, distributions
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from petiole.core.errors import ManifestError
from petiole.hooks.manifest import HOST_APIS, MANIFEST_NAME, Manifest

ENTRY_POINT_GROUP = "petiole"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlugin:
    """A plugin as found. `error` tells why it cannot be used, as far as that is known.

    `location` is the folder that it was installed into, or, if installed editable, its source.
    """

    name: str
    distribution: str
    version: str
    location: str = ""
    entry_point: EntryPoint | None = None
    manifest: Manifest | None = None
    error: str = ""


def find_plugins(
    sources: Iterable[Distribution] | None = None, *, host_apis: Collection[int] = HOST_APIS
) -> Sequence[FoundPlugin]:
    """List every installed plugin, sorted by name; an id taken twice disables both."""
    found: dict[tuple[str, str], FoundPlugin] = {}
    for distribution in distributions() if sources is None else sources:
        for entry_point in _entry_points(distribution):
            plugin = _read(entry_point, distribution, host_apis)
            # The same distribution in two folders: Python imports from the first.
            found.setdefault((plugin.distribution, entry_point.name), plugin)
    return sorted(
        (_refuse_twins(plugin, found.values()) for plugin in found.values()),
        key=lambda plugin: (plugin.name, plugin.distribution),
    )


def _entry_points(distribution: Distribution) -> Sequence[EntryPoint]:
    try:
        return [found for found in distribution.entry_points if found.group == ENTRY_POINT_GROUP]
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the others are not to suffer
        _log.warning("passed over a distribution whose entry points cannot be read")
        return ()


def _read(
    entry_point: EntryPoint, distribution: Distribution, host_apis: Collection[int]
) -> FoundPlugin:
    try:
        name, version = distribution.metadata["Name"], distribution.version
    except Exception:  # noqa: BLE001 - differs by release of Python
        name = version = ""
    plugin = FoundPlugin(
        name=entry_point.name,
        distribution=name or "",
        version=version or "",
        location=_location(distribution),
        entry_point=entry_point,
    )
    if not name:
        return replace(plugin, error="its metadata cannot be read; install it again")
    try:
        text = _manifest_text(entry_point, distribution)
        manifest = Manifest.read(text, origin=f"{MANIFEST_NAME} of {name}", host_apis=host_apis)
    except ManifestError as error:
        return replace(plugin, error=str(error))
    return replace(plugin, name=manifest.id, manifest=manifest)


def _manifest_text(entry_point: EntryPoint, distribution: Distribution) -> str:
    """Find the manifest in the distribution's metadata, else beside its top-level package."""
    name = distribution.metadata["Name"]
    try:
        text = distribution.read_text(f"extra_metadata/{MANIFEST_NAME}")
        return text if text is not None else _beside(entry_point).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{MANIFEST_NAME} of {name} is not written in UTF-8") from error
    except OSError as error:
        raise ManifestError(
            f"no {MANIFEST_NAME} in the metadata of {name} or in its package; {_place(entry_point)}"
        ) from error


def _beside(entry_point: EntryPoint) -> Path:
    """Look where the top-level package lies; that imports nothing."""
    for path in (folder / MANIFEST_NAME for folder in _folders(_top(entry_point))):
        if path.is_file():
            return path
    raise FileNotFoundError(MANIFEST_NAME)


def _place(entry_point: EntryPoint) -> str:
    """Tell an author where the manifest would be found."""
    top = _top(entry_point)
    if _folders(top):
        return f"put it beside {top}/__init__.py, and among the package data"
    return (
        f"a single module has no place for it: make {top} a package, "
        f"with {MANIFEST_NAME} beside its __init__.py and among the package data"
    )


def _top(entry_point: EntryPoint) -> str:
    return entry_point.value.partition(":")[0].partition(".")[0]


def _folders(top: str) -> Sequence[Path]:
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    return [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []


def _location(distribution: Distribution) -> str:
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            return unquote(urlsplit(origin["url"]).path)
    except (AttributeError, KeyError, ValueError):
        pass  # written by a tool of its own mind; the folder tells enough
    return str(distribution.locate_file(""))


def _refuse_twins(plugin: FoundPlugin, others: Iterable[FoundPlugin]) -> FoundPlugin:
    usable = [other for other in others if other.name == plugin.name and not other.error]
    if plugin.error or len(usable) == 1:
        return plugin
    names = Counter(other.distribution for other in usable)
    told = " and ".join(
        f"{name} ({number} entry points)" if number > 1 else name
        for name, number in sorted(names.items())
    )
    return replace(
        plugin, error=f"the id {plugin.name!r} is taken twice, by {told}; uninstall or rename one"
    )
