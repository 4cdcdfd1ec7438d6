"""A secret that cannot be printed: a reference is kept, the value is read where it is used."""

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Self

from petiole.core.errors import ConfigurationError, MissingSecret

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

FORMAT = "secret reference"
"""What a secret is marked with in JSON schemas."""

_KINDS = {
    "env": "Name of an environment variable.",
    "file": "Path of a file that holds the secret and nothing else.",
    "keyring": "SERVICE/NAME in the keyring of the system.",
}


class Secret:
    """Where a secret is: `{ env = "X" }`, `{ file = "…" }` or `{ keyring = "service/name" }`.

    Neither `str` nor `repr` shows the value. It is read anew at each `reveal`, so that a changed
    file counts at once.
    """

    __slots__ = ("kind", "name")

    def __init__(self, kind: str, name: str) -> None:
        if kind not in _KINDS:
            raise ValueError(f"unknown kind of secret {kind!r}; known are {', '.join(_KINDS)}")
        self.kind = kind
        self.name = name

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a reference as it stands in the settings.

        Raises:
            ValueError: a plain text, which would be the secret itself, or no known reference.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, Mapping) and len(value) == 1:
            kind, name = next(iter(value.items()))
            if kind in _KINDS and isinstance(name, str) and name:
                return cls(str(kind), name)
        raise ValueError(
            'a secret is given by reference only: { env = "NAME" }, { file = "PATH" } '
            'or { keyring = "SERVICE/NAME" }'
        )

    def reveal(self) -> str:
        """Read the value.

        Raises:
            MissingSecret: nothing is there; the message names the reference and the remedy.
        """
        match self.kind:
            case "env":
                value = os.environ.get(self.name, "")
                remedy = f"set the environment variable {self.name}"
            case "file":
                value = _read(Path(self.name))
                remedy = f"write it into {self.name} (and nothing else)"
            case _:
                value = _from_keyring(self.name)
                remedy = f"store it with `keyring set {self.name.replace('/', ' ')}`"
        if not value.strip():
            raise MissingSecret(f"the secret {self} is missing or empty; {remedy}")
        return value.strip()

    def __repr__(self) -> str:
        """Tell where it is, not what it is."""
        return f"{{ {self.kind} = {self.name!r} }}"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[object], handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        """Let settings models hold secrets."""
        from pydantic_core import core_schema  # noqa: PLC0415 - only where a model is built

        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: "CoreSchema", handler: "GetJsonSchemaHandler"
    ) -> "JsonSchemaValue":
        """Describe a reference: one of the three kinds, by name."""
        del schema, handler
        return {
            "type": "object",
            "format": FORMAT,
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                kind: {"type": "string", "minLength": 1, "description": where}
                for kind, where in _KINDS.items()
            },
        }


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise MissingSecret(f"the secret file {path} is not text in UTF-8") from error
    except OSError as error:
        raise MissingSecret(f"the secret file {path} cannot be read: {error.strerror}") from error


def _from_keyring(name: str) -> str:
    try:
        keyring = import_module("keyring")
    except ImportError as error:
        raise ConfigurationError(
            "secrets from a keyring need the extra: pip install 'petiole[keyring]'"
        ) from error
    service, _, user = name.partition("/")
    try:
        return keyring.get_password(service, user) or ""
    except Exception as error:  # each backend has errors of its own
        raise MissingSecret(f"the keyring cannot be read: {type(error).__name__}") from error
