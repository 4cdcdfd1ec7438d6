"""Distributions as an installer leaves them behind: a module, and its metadata beside it."""

from dataclasses import dataclass
from pathlib import Path

MANIFEST = """\
id = "{id}"
title = "A plugin of a stranger"
host_api = 1

[[adapters]]
id = "{id}.sink"
port = "ProfileSink"
"""

CODE = """\
from contextlib import nullcontext

from pydantic import BaseModel

from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterSpec, hookimpl


class Settings(BaseModel):
    pass


def offered(id="{id}.sink", port=ProfileSink, settings=Settings):
    return AdapterSpec(id=id, port=port, settings=settings, open=lambda context: nullcontext())


@hookimpl
def petiole_provide_adapters():
    return [offered()]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dist:
    """What lies in `site-packages` after an installation. `{id}` stands for the plugin's id."""

    manifest: bytes | str | None = MANIFEST
    code: str = CODE
    value: str = "{module}"
    """What the entry point refers to."""
    metadata: str | None = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n"
    forks: int = 1
    """How many distributions come with the same manifest."""

    def lay(self, site: Path, *, id_: str) -> None:
        """Lay it into a folder."""
        for number in range(self.forks):
            name = id_ + "-fork" * number
            words = {"id": id_, "name": name, "module": f"stranger_{id_.replace('-', '_')}"}
            info = site / f"{name.replace('-', '_')}-1.2.dist-info"
            (info / "extra_metadata").mkdir(parents=True)
            entry = f"[petiole]\n{id_} = {self.value}\n"
            (info / "entry_points.txt").write_text(_filled(entry, words), encoding="utf-8")
            if self.metadata is not None:
                (info / "METADATA").write_text(_filled(self.metadata, words), encoding="utf-8")
            if isinstance(self.manifest, str):
                manifest = _filled(self.manifest, words).encode()
            else:
                manifest = self.manifest or b""
            if self.manifest is not None:
                (info / "extra_metadata" / "plugin.toml").write_bytes(manifest)
            module = site / f"{words['module']}.py"
            module.write_text(_filled(self.code, words), encoding="utf-8")


def _filled(text: str, words: dict[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text
