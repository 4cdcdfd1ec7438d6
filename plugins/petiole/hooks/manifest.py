"""`plugin.toml`: what a plugin declares, read before any of its code is imported."""

import re
import tomllib
from collections.abc import Collection, Sequence
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from petiole.core.domain.change import ChangeKind
from petiole.core.errors import IncompatiblePlugin, ManifestError
from petiole.hooks.example import example_trouble
from petiole.hooks.explanation import explained, nearest

HOST_API = 1
"""The newest generation of hooks, ports and manifest keys that this host speaks."""
HOST_APIS = frozenset(range(1, HOST_API + 1))
"""Every generation whose plugins work here. A new one adds; it takes nothing away."""

MANIFEST_NAME = "plugin.toml"

SINK = "ProfileSink"
PORTS = (SINK, "CampaignSource", "Diagnosis", "EngagementReceiver", "EngagementSource")
"""Names of the Protocols in `petiole.core.ports` that a plugin may serve."""

_WORD = "[a-z][a-z0-9_-]*"
_BYTE_ORDER_MARK = "\ufeff"

Item = TypeVar("Item")


def _is_word(word: str) -> str:
    if not re.fullmatch(_WORD, word):
        raise ValueError(
            f"{word!r} must be lowercase letters, digits, - and _, a letter first, "
            "such as acme or acme-mail"
        )
    return word


def _is_adapter_id(id_: str) -> str:
    if not re.fullmatch(rf"{_WORD}\.{_WORD}", id_):
        raise ValueError(f"{id_!r} must be PLUGIN.ADAPTER, in lowercase, such as acme.sink")
    return id_


def _is_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of text, and not empty")
    return text


def _known_port(name: str) -> str:
    if name not in PORTS:
        raise ValueError(f"unknown port {name!r}; {nearest(name, PORTS)}")
    return name


def _each_once(items: Sequence[Item]) -> Sequence[Item]:
    for item in items:
        if items.count(item) > 1:
            raise ValueError(f"{str(item)!r} stands there twice")
    return items


Word = Annotated[str, AfterValidator(_is_word), Field(json_schema_extra={"pattern": f"^{_WORD}$"})]
AdapterId = Annotated[
    str,
    AfterValidator(_is_adapter_id),
    Field(json_schema_extra={"pattern": rf"^{_WORD}\.{_WORD}$"}),
]
Line = Annotated[
    str,
    AfterValidator(_is_line),
    Field(json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"}),
]
PortName = Annotated[str, AfterValidator(_known_port), Field(json_schema_extra={"enum": [*PORTS]})]
Kind = Annotated[ChangeKind, Field(strict=False)]
"""A text in TOML."""
Kinds = Annotated[
    Sequence[Kind], AfterValidator(_each_once), Field(json_schema_extra={"uniqueItems": True})
]
Words = Annotated[
    Sequence[Word], AfterValidator(_each_once), Field(json_schema_extra={"uniqueItems": True})
]


class ManifestAdapter(BaseModel):
    """One adapter as declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: AdapterId
    """`PLUGIN.ADAPTER`, as in the `AdapterSpec`; begins with the plugin's id and a dot."""
    port: PortName
    """Name of the Protocol in `petiole.core.ports`."""
    lane: Literal["batch", "realtime"] | None = None
    """For sinks: the lane that it serves; both, unless it says which."""
    max_profiles: int | None = Field(default=None, ge=1)
    """For sinks: how many messages one delivery may hold."""
    kinds: Kinds = ()
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

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Word
    """The name by which connections ask for the plugin; unique among those installed."""
    title: Line
    """What it connects to, in a few words."""
    host_api: int = Field(ge=1)
    """The generation of the host that it was written for; later hosts take it too."""
    adapters: Sequence[ManifestAdapter]
    """What `petiole_provide_adapters` offers."""
    sandbox: bool = False
    """Whether the plugin offers a twin of its platform."""
    observes: bool = False
    """Whether it wants to be told what is delivered and buried, whoever delivers."""
    commands: Words = ()
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

    @model_validator(mode="after")
    def _example_works(self) -> Self:
        if trouble := example_trouble(self.example, self.id):
            raise ValueError(f"example: {trouble}")
        return self

    @classmethod
    def read(cls, text: str, *, origin: str, host_apis: Collection[int] = HOST_APIS) -> Self:
        """Read a manifest; `origin` names it in messages.

        Raises:
            ManifestError: not TOML, a missing or unknown key, a wrong value.
            IncompatiblePlugin: made for a generation that is not among `host_apis`.
        """
        try:
            document = tomllib.loads(text.removeprefix(_BYTE_ORDER_MARK))
        except tomllib.TOMLDecodeError as error:
            raise ManifestError(f"{origin} is not valid TOML: {error}") from error
        # Looked at before all else: a later generation may have keys that are unknown here.
        made_for = document.get("host_api")
        if type(made_for) is int and made_for not in host_apis:
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
    # A wrong generation goes first: what else is wrong may be of the future.
    return explained(error, {True: ManifestAdapter, False: Manifest}, first="host_api")
