"""Compare what a plugin's code offers with what its manifest declares; both sides are named."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel

from petiole.core.errors import ConfigurationError, ManifestMismatch
from petiole.hooks import AdapterSpec, Manifest
from petiole.hooks.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from petiole.hooks import AnyAdapterSpec


def specs_in(answer: object) -> "Sequence[AnyAdapterSpec]":
    """Take what `petiole_provide_adapters` gave, if it is what was asked for.

    Raises:
        ConfigurationError: it is something else.
    """
    if not isinstance(answer, Sequence) or not all(isinstance(one, AdapterSpec) for one in answer):
        raise ConfigurationError(
            f"petiole_provide_adapters gave a {type(answer).__name__}, not a list of AdapterSpec"
        )
    for spec in answer:
        if not isinstance(spec.settings, type) or not issubclass(spec.settings, BaseModel):
            raise ConfigurationError(f"{spec.id}: `settings` is no pydantic model")
    return answer


def refuse_mismatch(
    manifest: Manifest, adapters: "Sequence[AnyAdapterSpec]", hooks: Collection[str]
) -> None:
    """Refuse a plugin that offers these adapters and implements these hooks, if that does not fit.

    Raises:
        ManifestMismatch: names what is declared and what is offered.
    """
    declared = {adapter.id: adapter.port for adapter in manifest.adapters}
    offered = {spec.id: spec.port.__name__ for spec in adapters}
    if declared != offered or len(offered) != len(adapters):
        hint = "" if adapters else "; does the function carry @hookimpl?"
        raise ManifestMismatch(
            f"{MANIFEST_NAME} declares {_told(declared)}, "
            f"its code offers {_told(offered, [spec.id for spec in adapters])}{hint}"
        )
    for key, is_declared, promised in (
        ("sandbox", manifest.sandbox, {"petiole_provide_sandbox"}),
        ("commands", bool(manifest.commands), {"petiole_register_commands"}),
        ("observes", manifest.observes, {"petiole_delivered", "petiole_buried", "petiole_engaged"}),
    ):
        if is_declared and not promised & set(hooks):
            raise ManifestMismatch(
                f"{MANIFEST_NAME} declares `{key}`, "
                f"its code does not implement {' or '.join(sorted(promised))}"
            )


def _told(adapters: Mapping[str, str], ids: Sequence[str] = ()) -> str:
    twice = [f"{id_} twice" for id_ in sorted(set(ids)) if ids.count(id_) > 1]
    each = [f"{id_} ({port})" for id_, port in sorted(adapters.items())]
    return ", ".join(twice or each) or "nothing"
