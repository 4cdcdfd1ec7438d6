"""JSON schemas for editors and other programs, made from the models that validate.

What a model's attributes are documented with becomes their description; nothing is told twice.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from petiole.core.domain.fields import JsonValue
from petiole.core.errors import ConfigurationError
from petiole.hooks.duration import format_duration
from petiole.hooks.manifest import SINK, Manifest
from petiole.host.intake_settings import EngagementsSettings, WebSettings
from petiole.host.settings import ConnectionSettings, OutboxSettings

if TYPE_CHECKING:
    from petiole.hooks import AnyAdapterSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_NAME = "petiole.schema.json"
_REFERENCES = "#/$defs/{model}"

Schema = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkKeys:
    """The keys of a connection that one sink takes, beyond the host's; goes into JSON and back."""

    plugin: str
    adapter: str
    lane: str | None
    schema: Schema
    """That of its settings model; its nested models are referred to as `PLUGIN.MODEL`."""


class _Documented(GenerateJsonSchema):
    """Describes attributes by their docstrings, and writes durations as people do."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        told = attribute_docs(schema["cls"])
        for name, part in made.get("properties", {}).items():
            if name in told:
                part.setdefault("description", told[name])
        return made

    def encode_default(self, dft: object) -> Any:  # noqa: ANN401 - pydantic's own signature
        if isinstance(dft, BaseModel):
            return {name: self.encode_default(value) for name, value in dft}
        return super().encode_default(written(dft))

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False  # a key is its own title


def written(value: object) -> object:
    """Write a default as it would stand in the settings."""
    return format_duration(value).replace(" ", "") if isinstance(value, timedelta) else value


def attribute_docs(model: type[BaseModel]) -> Mapping[str, str]:
    """Read the docstrings below a model's attributes, also those that it inherits."""
    told: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            told |= _own_docs(cls)
    return told


def manifest_schema() -> Schema:
    """Describe `plugin.toml`."""
    return {"$schema": DIALECT, **_schema_of(Manifest)}


def sink_keys(manifest: Manifest, specs: "Iterable[AnyAdapterSpec]") -> list[SinkKeys]:
    """Describe the keys that the sinks of a loaded plugin take.

    Raises:
        ConfigurationError: a model cannot be described.
    """
    models = {spec.id: spec.settings for spec in specs}
    return [
        SinkKeys(
            plugin=manifest.id,
            adapter=declared.id,
            lane=declared.lane,
            schema=_own_schema(manifest.id, declared.id, models[declared.id]),
        )
        for declared in manifest.adapters
        if declared.port == SINK
    ]


def settings_schema(sinks: Iterable[SinkKeys]) -> Schema:
    """Describe `petiole.toml` as it may be with plugins that have these sinks."""
    definitions: dict[str, JsonValue] = {}
    connections: list[JsonValue] = [_connection(sink, definitions) for sink in sinks]
    outbox = _schema_of(OutboxSettings, definitions)
    return {
        "$schema": DIALECT,
        "title": "petiole.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "outbox": outbox,
            "engagements": _schema_of(EngagementsSettings, definitions),
            "web": _schema_of(WebSettings, definitions),
            "connections": {
                "type": "object",
                "description": "Links to platform accounts, by names of your own.",
                "additionalProperties": {"anyOf": connections} if connections else False,
            },
        },
        "$defs": definitions,
    }


def _own_schema(plugin: str, adapter: str, model: type[BaseModel]) -> Schema:
    template = _REFERENCES.format(model=f"{plugin}.{{model}}")
    try:
        made: Schema = model.model_json_schema(ref_template=template, schema_generator=_Documented)
    except Exception as error:
        raise ConfigurationError(
            f"the keys of {adapter} cannot be described: {type(error).__name__}: {error}"
        ) from error
    return made


def _connection(sink: SinkKeys, definitions: dict[str, JsonValue]) -> Schema:
    """Describe a connection that this sink serves: the host's keys and the plugin's."""
    host = _schema_of(ConnectionSettings, definitions)
    own = _without_definitions(sink.schema, definitions, prefix=f"{sink.plugin}.")
    properties = {**_object(own, "properties"), **_object(host, "properties")}
    properties["plugin"] = {**_object(properties, "plugin"), "const": sink.plugin}
    required = {*_texts(host, "required"), *_texts(own, "required")}
    if sink.lane:
        properties["lane"] = {**_object(properties, "lane"), "const": sink.lane}
        # Without the key, it is the lane that the host takes as default.
        if sink.lane != ConnectionSettings.model_fields["lane"].default:
            required.add("lane")
    return {
        "title": sink.adapter,
        "description": str(own.get("description", "")),
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list[JsonValue](sorted(required)),
    }


def _schema_of(model: type[BaseModel], definitions: dict[str, JsonValue] | None = None) -> Schema:
    """Describe a model; its nested models go to `definitions`, where those are given."""
    template = _REFERENCES.format(model="{model}")
    made: Schema = model.model_json_schema(ref_template=template, schema_generator=_Documented)
    return made if definitions is None else _without_definitions(made, definitions)


def _without_definitions(
    schema: Schema, definitions: dict[str, JsonValue], *, prefix: str = ""
) -> Schema:
    nested = _object(schema, "$defs") if "$defs" in schema else {}
    definitions.update({f"{prefix}{name}": value for name, value in nested.items()})
    return {key: value for key, value in schema.items() if key != "$defs"}


def _own_docs(cls: type[BaseModel]) -> Mapping[str, str]:
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return {}  # made at run time, or shipped without its source
    body: Sequence[ast.stmt] = tree.body if isinstance(tree, ast.ClassDef) else ()
    return dict(_documented(body))


def _documented(body: Sequence[ast.stmt]) -> Iterable[tuple[str, str]]:
    for before, after in pairwise(body):
        match before, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(inspect.cleandoc(text).split())
            case _:
                pass


def _object(schema: Schema, key: str) -> Schema:
    value = schema[key]
    assert isinstance(value, dict)  # noqa: S101 - JSON schema has it so
    return value


def _texts(schema: Schema, key: str) -> Sequence[str]:
    value = schema.get(key, [])
    assert isinstance(value, list)  # noqa: S101 - JSON schema has it so
    return [str(text) for text in value]
