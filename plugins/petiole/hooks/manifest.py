"""`plugin.toml`: what a plugin declares, read before any of its code is imported."""

import tomllib
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from petiole.core.domain.change import ChangeKind
from petiole.core.errors import IncompatiblePlugin, ManifestError

HOST_API = 1
"""The newest generation of hooks, ports and manifest keys that this host speaks."""
HOST_APIS = frozenset(range(1, HOST_API + 1))
"""Every generation whose plugins work here. A new one adds; it takes nothing away."""

MANIFEST_NAME = "plugin.toml"

SINK = "ProfileSink"
PORTS = (SINK, "CampaignSource", "Diagnosis", "EngagementReceiver", "EngagementSource")
"""Names of the Protocols in `petiole.core.ports` that a plugin may serve."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]


def _known_port(name: str) -> str:
    if name not in PORTS:
        raise ValueError(f"unknown port {name!r}; {_nearest(name, PORTS)}")
    return name


class ManifestAdapter(BaseModel):
    """One adapter as declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    """`PLUGIN.ADAPTER`, as in the `AdapterSpec`; begins with the plugin's id and a dot."""
    port: Annotated[str, AfterValidator(_known_port), Field(json_schema_extra={"enum": [*PORTS]})]
    """Name of the Protocol in `petiole.core.ports`."""
    lane: Literal["batch", "realtime"] | None = None
    """For sinks: the lane that it serves; both, unless it says which."""
    max_profiles: int | None = Field(default=None, ge=1)
    """For sinks: how many messages one delivery may hold."""
    kinds: Sequence[ChangeKind] = ()
    """For sinks: the kinds of change that it carries; all, unless it says which."""
    extra: str | None = None
    """The packaging extra that must be installed for this adapter."""

    @model_validator(mode="after")
    def _only_sinks_have_a_lane(self) -> Self:
        given = self.model_fields_set & {"lane", "max_profiles", "kinds"}
        if self.port != SINK and given:
            raise ValueError(f"{', '.join(sorted(given))}: for a {SINK} only, not a {self.port}")
        return self


class Manifest(BaseModel):
    """A plugin as declared in its `plugin.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Word
    """The name by which connections ask for the plugin; unique among those installed."""
    title: str
    """What it connects to, in a few words."""
    host_api: int = Field(ge=1)
    """The generation of the host that it was written for; later hosts take it too."""
    adapters: Sequence[ManifestAdapter]
    """What `petiole_provide_adapters` offers."""
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
    def read(cls, text: str, *, origin: str, host_apis: Collection[int] = HOST_APIS) -> Self:
        """Read a manifest; `origin` names it in messages.

        Raises:
            ManifestError: not TOML, a missing or unknown key, a wrong value.
            IncompatiblePlugin: made for a generation that is not among `host_apis`.
        """
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ManifestError(f"{origin} is not valid TOML: {error}") from error
        # Looked at before all else: a later generation may have keys that are unknown here.
        made_for = document.get("host_api")
        if isinstance(made_for, int) and made_for not in host_apis:
            raise IncompatiblePlugin(
                f"{origin} was made for host API {made_for}, this host speaks "
                f"{' and '.join(map(str, sorted(host_apis)))}; {_remedy(made_for, host_apis)}"
            )
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise ManifestError(f"{origin}: {_explained(error)}") from error


def _remedy(made_for: int, host_apis: Collection[int]) -> str:
    return "upgrade petiole" if made_for > max(host_apis) else "install a newer plugin"


def _explained(error: ValidationError) -> str:
    # An unknown key goes first: the one that is missing may be the same, misspelt.
    found = error.errors(include_url=False, include_input=False)
    first = min(found, key=lambda one: one["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in first["loc"])
    last = str(first["loc"][-1]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        model = ManifestAdapter if first["loc"][0] == "adapters" else Manifest
        return f"unknown key {where!r}; {_nearest(last, model.model_fields)}"
    if first["type"] == "missing":
        return f"the key {where!r} is missing"
    told = first["msg"].removeprefix("Value error, ")
    return f"{where}: {told}" if where else told


def _nearest(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
