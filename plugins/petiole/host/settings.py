"""`petiole.toml` and the environment, validated; secrets by reference only.

The environment wins: `PETIOLE_OUTBOX__URL`, `PETIOLE_CONNECTIONS__NEWSLETTER__ENDPOINT` and so on.
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.engagement import SUPPRESSIBLE, EngagementKind
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import InvalidSettings
from petiole.hooks.duration import Duration
from petiole.host.intake_settings import TABLES, EngagementsSettings, PullSettings, WebSettings

CONFIG_NAME = "petiole.toml"

_SQLITE = "sqlite:///"
_BATCH = BatchPolicy()
_RETRY = RetryPolicy()

Model = TypeVar("Model", bound=BaseModel)


class OutboxSettings(BaseModel):
    """Where changes wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = f"{_SQLITE}petiole.db"
    """Where changes wait: `sqlite:///PATH`, relative to the settings file."""
    retention: Duration = timedelta(days=30)
    """How long delivered changes, and what was answered, can be looked up; 0 keeps them all."""


class BatchSettings(BaseModel):
    """When a batch goes out: full, old or heavy. `None` takes the lane's default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_profiles: Annotated[int, Field(ge=1)] | None = None
    """A batch goes out when it holds so many: 100, in the realtime lane 1."""
    max_age: Duration | None = None
    """Or when its oldest change is this old: "20m", in the realtime lane 0."""
    max_bytes: Annotated[int, Field(ge=1_000)] = _BATCH.max_bytes
    """Or when its changes weigh this much, in bytes."""


class RetrySettings(BaseModel):
    """How often and how long a message is tried."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_attempts: Annotated[int, Field(ge=1)] = _RETRY.max_attempts
    """Tries of one change; then it is dead, and kept."""
    max_age: Duration = _RETRY.max_age
    """Or that long after it was queued, if it was tried `min_attempts` times by then."""
    min_attempts: Annotated[int, Field(ge=1)] = _RETRY.min_attempts
    """Tries that `max_age` leaves it at least: to wait in a paused connection is no failure."""
    base: Duration = _RETRY.base
    """The first wait between tries; each is twice as long as the one before, with jitter."""
    ceiling: Duration = _RETRY.ceiling
    """The longest wait between tries."""


class DeadPolicy(StrEnum):
    """What a dead change means for later changes of its profile."""

    PASS = "pass"  # noqa: S105 - the word, not one
    """They pass it."""
    HOLD = "hold"
    """They wait until a person has decided about it."""


class ConnectionSettings(BaseModel):
    """The host's part of a connection; the other keys belong to its plugin."""

    model_config = ConfigDict(extra="allow", frozen=True)

    plugin: str
    """Which plugin serves it; `petiole plugins` lists them."""
    lane: Literal["batch", "realtime"] = "batch"
    """Whether changes are grouped ("batch") or sent each at once ("realtime")."""
    identifier: IdentifierType
    """How profiles are identified."""
    account: str | None = None
    """Connections that name one account keep one order of changes per profile."""
    batch: BatchSettings = BatchSettings()
    """When a batch goes out."""
    retry: RetrySettings = RetrySettings()
    """How often and how long a change is tried."""
    fields: dict[str, str] | None = None
    """Platform field -> column of the input; without it, all columns under their own names."""
    fold: bool | None = None
    """Combine pending changes of one profile; on in the batch lane unless told otherwise."""
    on_doubt: AmbiguityPolicy = AmbiguityPolicy.RESEND
    """Sent, but no readable answer: "resend" (at least once), or "park" (a person decides)."""
    on_dead: DeadPolicy = DeadPolicy.PASS
    """Whether later changes of a profile "pass" a dead one, or "hold" until a person decided."""
    suppress: tuple[EngagementKind, ...] = ()
    """Leave out of every sync who had a "complaint" or a hard "bounce"; a mirror removes them."""
    pull: PullSettings | None = None
    """Fetch engagements on a schedule, while `petiole run` or `petiole serve` runs."""
    max_in_flight: Annotated[int, Field(ge=1, le=64)] = 8
    """Calls at a time."""

    @field_validator("suppress")
    @classmethod
    def _suppressible(cls, kinds: tuple[EngagementKind, ...]) -> tuple[EngagementKind, ...]:
        if not SUPPRESSIBLE.issuperset(kinds):
            raise ValueError('only "complaint" and "bounce" can suppress a profile')
        return kinds

    @property
    def plugin_keys(self) -> dict[str, object]:
        """The keys that the plugin's own settings validate."""
        return dict(self.model_extra or {})

    @property
    def is_pushed_to(self) -> bool:
        """Whether the platform pushes engagements: by agreement, the plugin's key `push`."""
        return self.plugin_keys.get("push") is not None

    @property
    def folding(self) -> bool:
        """Whether pending changes of one profile are combined."""
        return self.lane == "batch" if self.fold is None else self.fold

    def account_of(self, name: ConnectionName) -> AccountName:
        """Name the account; a connection that names none has one of its own."""
        return AccountName(self.account or name)

    @property
    def batching(self) -> BatchPolicy:
        """The policy for this lane: 100 profiles or 20 minutes, or each change at once."""
        default = BatchPolicy()
        if self.lane == "realtime":
            default = BatchPolicy(max_profiles=1, max_age=timedelta())
        batch = self.batch
        return BatchPolicy(
            max_profiles=batch.max_profiles or default.max_profiles,
            max_age=default.max_age if batch.max_age is None else batch.max_age,
            max_bytes=batch.max_bytes,
        )

    @property
    def retrying(self) -> RetryPolicy:
        """The policy in the core's terms."""
        return RetryPolicy(**self.retry.model_dump())


class Settings(BaseSettings):
    """The whole of the settings. `directory` is where the settings file lies."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="PETIOLE_", env_nested_delimiter="__"
    )

    outbox: OutboxSettings = OutboxSettings()
    engagements: EngagementsSettings = EngagementsSettings()
    web: WebSettings = WebSettings()
    connections: dict[str, ConnectionSettings] = Field(default_factory=dict)
    directory: Path = Path()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @property
    def outbox_path(self) -> Path:
        """Where the SQLite outbox lies.

        Raises:
            InvalidSettings: the URL is of another kind.
        """
        url = self.outbox.url
        if not url.startswith(_SQLITE) or url == _SQLITE:
            raise InvalidSettings(
                f'outbox.url must look like "{_SQLITE}petiole.db" (or "{_SQLITE}/absolute/path.db")'
            )
        return self.directory / url.removeprefix(_SQLITE)

    def connection(self, name: str) -> tuple[ConnectionName, ConnectionSettings]:
        """Look a connection up.

        Raises:
            InvalidSettings: there is none of that name; the message names those that are there.
        """
        if name not in self.connections:
            known = ", ".join(sorted(self.connections)) or "none yet; add [connections.NAME]"
            raise InvalidSettings(
                f"no connection {name!r} in the settings; {did_you_mean(name, self.connections)}"
                f"there are: {known}"
            )
        return ConnectionName(name), self.connections[name]


def load_settings(path: Path) -> Settings:
    """Read a settings file and the environment.

    Raises:
        InvalidSettings: the file is missing or not TOML, or a key or value is wrong.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InvalidSettings(
            f"no settings file {path}; `petiole init` writes one, `--config PATH` names another"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"{path} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise InvalidSettings(f"{path} is not written in UTF-8; save it as such") from error
    except OSError as error:
        raise InvalidSettings(f"{path} cannot be read: {error.strerror}") from error
    document.pop("directory", None)
    try:
        return Settings(**document, directory=path.parent)
    except ValidationError as error:
        raise InvalidSettings(f"{path}: {explain(error, Settings)}") from error


def validate_plugin_keys(
    model: type[Model], connection: ConnectionName, settings: ConnectionSettings
) -> Model:
    """Validate the plugin's keys of a connection against the plugin's model.

    A key that the model does not know is refused, also where the model would pass over it.

    Raises:
        InvalidSettings: names the key and the remedy, never the value.
    """
    try:
        return model.model_validate(settings.plugin_keys, extra="forbid")
    except ValidationError as error:
        known = {*ConnectionSettings.model_fields, *model.model_fields}
        reason = explain(error, model, known)
        raise InvalidSettings(f"connections.{connection}: {reason}") from error


def explain(
    error: ValidationError, model: type[BaseModel], known: Iterable[str] | None = None
) -> str:
    """Put the first trouble into one sentence; the value may be a secret and is left out."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    last = str(first["loc"][-1]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        names = known if known is not None else _fields_at(model, first["loc"][:-1])
        return f"unknown key {where!r}; {did_you_mean(last, names)}known are: " + ", ".join(
            sorted(names)
        )
    if first["type"] == "missing":
        return f"the key {where!r} is missing"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Offer the nearest known word, or nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}? " if near else ""


def _fields_at(model: type[BaseModel], path: Iterable[str | int]) -> Mapping[str, object]:
    """Find the model at a path of the settings, as far as it is a model."""
    tables: dict[str, type[BaseModel]] = {
        "outbox": OutboxSettings,
        "batch": BatchSettings,
        "retry": RetrySettings,
        **TABLES,
    }
    found = model
    for part in path:
        found = tables.get(str(part), found)
    fields = found.model_fields.items()
    return {field.alias or name: field for name, field in fields if name != "directory"}
