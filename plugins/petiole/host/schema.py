"""JSON schemas for editors and other programs, made from the models that validate.

What a model's attributes are documented with becomes their description; nothing is told twice.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from petiole.core.domain.fields import JsonValue
from petiole.core.errors import ConfigurationError
from petiole.hooks.duration import format_duration
from petiole.hooks.manifest import SINK, Manifest, ManifestAdapter
from petiole.host.discovery import Plugins
from petiole.host.installed import FoundPlugin
from petiole.host.intake_settings import EngagementsSettings, WebSettings
from petiole.host.settings import ConnectionSettings, OutboxSettings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_NAME = "petiole.schema.json"
_REFERENCES = "#/$defs/{model}"

Schema = dict[str, JsonValue]


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


def settings_schema(found: Sequence[FoundPlugin]) -> Schema:
    """Describe `petiole.toml` as it may be with these plugins; imports them.

    A plugin that cannot be used is left out.
    """
    definitions: dict[str, JsonValue] = {}
    connections: list[JsonValue] = []
    plugins = Plugins(found)
    for plugin in found:
        try:
            manifest = plugins.load(plugin.name) if not plugin.error else None
        except ConfigurationError:
            continue
        for declared in manifest.adapters if manifest else ():
            for spec in plugins.adapters(plugin.name):
                if spec.id == declared.id and declared.port == SINK:
                    made = _connection(plugin.name, declared, spec.settings, definitions)
                    connections.append(made)
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


def _connection(
    plugin: str,
    declared: ManifestAdapter,
    model: type[BaseModel],
    definitions: dict[str, JsonValue],
) -> Schema:
    """Describe a connection that this sink serves: the host's keys and the plugin's."""
    host = _schema_of(ConnectionSettings, definitions)
    own = _schema_of(model, definitions, prefix=f"{plugin}.")
    properties = {**_object(own, "properties"), **_object(host, "properties")}
    properties["plugin"] = {**_object(properties, "plugin"), "const": plugin}
    required = {*_texts(host, "required"), *_texts(own, "required")}
    if declared.lane:
        properties["lane"] = {**_object(properties, "lane"), "const": declared.lane}
        # Without the key, it is the lane that the host takes as default.
        if declared.lane != ConnectionSettings.model_fields["lane"].default:
            required.add("lane")
    return {
        "title": declared.id,
        "description": str(own.get("description", "")),
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list[JsonValue](sorted(required)),
    }


def _schema_of(
    model: type[BaseModel], definitions: dict[str, JsonValue] | None = None, *, prefix: str = ""
) -> Schema:
    """Describe a model; its nested models go to `definitions`, where those are given."""
    template = _REFERENCES.format(model=f"{prefix}{{model}}")
    made: Schema = model.model_json_schema(ref_template=template, schema_generator=_Documented)
    if definitions is not None:
        nested = _object(made, "$defs") if "$defs" in made else {}
        made.pop("$defs", None)
        definitions.update({f"{prefix}{name}": value for name, value in nested.items()})
    return made


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
