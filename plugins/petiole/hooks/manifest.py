"""`plugin.toml`: what a plugin declares, read before any of its code is imported."""

import tomllib
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from petiole.core.domain.change import ChangeKind
from petiole.core.errors import IncompatiblePlugin, ManifestError

HOST_API = 1
"""The generation of hooks, ports and manifest keys that this host speaks."""


class ManifestAdapter(BaseModel):
    """One adapter as declared. `lane`, `max_profiles` and `kinds` are there for sinks only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    port: str = Field(min_length=1)
    """Name of the Protocol in `petiole.core.ports`."""
    lane: Literal["batch", "realtime"] | None = None
    max_profiles: int | None = Field(default=None, ge=1)
    """How many messages one delivery may hold."""
    kinds: Sequence[ChangeKind] = ()
    extra: str | None = None
    """The packaging extra that must be installed for this adapter."""


class Manifest(BaseModel):
    """A plugin as declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    title: str
    host_api: int
    adapters: Sequence[ManifestAdapter]
    sandbox: bool = False
    """Whether the plugin offers a twin of its platform."""
    observes: bool = False
    """Whether it wants to be told what is delivered and buried, whoever delivers."""
    commands: Sequence[str] = ()
    """Names of the commands that it adds to the command line."""
    example: str = ""
    """What a new user starts from: TOML for one connection, as `petiole init` writes it."""

    @model_validator(mode="after")
    def _ids_fit(self) -> Self:
        ids = [adapter.id for adapter in self.adapters]
        for id_ in ids:
            if not id_.startswith(f"{self.id}."):
                raise ValueError(f"adapter id {id_!r} must begin with {self.id + '.'!r}")
            if ids.count(id_) > 1:
                raise ValueError(f"adapter id {id_!r} is declared twice")
        return self

    @classmethod
    def read(cls, text: str, *, origin: str) -> Self:
        """Read a manifest; `origin` names it in messages.

        Raises:
            ManifestError: not TOML, a missing or unknown key, a wrong value.
            IncompatiblePlugin: made for another generation of the host.
        """
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ManifestError(f"{origin} is not valid TOML: {error}") from error
        made_for = document.get("host_api")
        if isinstance(made_for, int) and made_for != HOST_API:
            raise IncompatiblePlugin(
                f"{origin} was made for host API {made_for}, this host speaks {HOST_API}; "
                "install a matching version of the plugin"
            )
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the document"
            raise ManifestError(f"{origin}: {where}: {first['msg']}") from error
