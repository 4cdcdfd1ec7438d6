"""How a plugin offers its adapters to the host."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel

from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.domain.identity import IdentifierType
from petiole.hooks.pace import Pace, unlimited

Port_co = TypeVar("Port_co", covariant=True)
Settings = TypeVar("Settings", bound=BaseModel)
Settings_co = TypeVar("Settings_co", bound=BaseModel, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterContext(Generic[Settings_co]):
    """What the host hands to an adapter: one connection's part of the settings, validated."""

    connection: ConnectionName
    identifier: IdentifierType
    settings: Settings_co


def _nothing(settings: BaseModel) -> Collection[str]:
    del settings
    return ()


def _no_trouble(segment: SegmentId) -> str:
    del segment
    return ""


def _no_hint(code: str, reason: str) -> str:
    del code, reason
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSpec(Generic[Settings, Port_co]):
    """One adapter of a plugin.

    `id` is "plugin.adapter", unique among all plugins and declared in the manifest. `port` is the
    Protocol from `petiole.core.ports` that it satisfies; the host refuses anything else. `settings`
    validates the connection's keys beyond the host's own; it must forbid unknown keys. Adapters of
    one connection share these keys: one whose model is a base of the sink's gets the sink's. `open`
    yields the adapter and closes, on the way out, what it opened.
    """

    id: str
    port: type[Port_co]
    settings: type[Settings]
    open: Callable[[AdapterContext[Settings]], AbstractContextManager[Port_co]]
    reserved_fields: Callable[[Settings], Collection[str]] = _nothing
    """Names that the wire needs for itself; the host refuses a profile field of that name."""
    segment_trouble: Callable[[SegmentId], str] = _no_trouble
    """Why nothing can be sent to a segment of that name, with the remedy, or an empty text."""
    pace: Callable[[Settings], Pace | None] = unlimited
    """The platform's limits for a connection with these settings; the host keeps to them."""
    hint: Callable[[str, str], str] = _no_hint
    """What a code and a reason of the platform mean in plain words, and what helps; or nothing."""


AnyAdapterSpec: TypeAlias = AdapterSpec[Any, object]
"""A spec whose settings only its own adapter knows; the host validates them by `spec.settings`."""
