"""From an input to changes: what a sync reads, refuses and plans for one connection."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from petiole.adapters.files import RowsAudience, open_audience
from petiole.core.delivery.change_log import LogColumns, read_changes
from petiole.core.delivery.plan import Plan, plan_sync
from petiole.core.delivery.reading import FieldMapping, Keying, Refusals
from petiole.core.delivery.snapshot import open_snapshot
from petiole.core.domain.change import (
    ChangeId,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.errors import InvalidSettings
from petiole.core.intake.suppression import Suppression
from petiole.core.ports.audience import Audience
from petiole.core.ports.clock import Clock
from petiole.core.ports.engagements import EngagementBooks
from petiole.core.ports.ledger import Ledger
from petiole.core.ports.read_ahead import ReadAhead
from petiole.core.ports.snapshot import Snapshot
from petiole.host.registry import Registry
from petiole.host.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncInput:
    """What a sync is told about its input."""

    connection: ConnectionName
    segment: SegmentId
    key: str
    hashed: bool = False
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSnapshot:
    """A snapshot that is read ahead where that may be; a plan reads all of it."""

    scope: Scope
    profiles: Snapshot
    refusals: Refusals


class Planning:
    """Reads audiences as the settings of their connections say; enqueues nothing."""

    def __init__(
        self,
        settings: Settings,
        *,
        registry: Registry,
        ledger: Callable[[], Ledger],
        engagements: Callable[[], EngagementBooks],
        clock: Clock,
        read_ahead: ReadAhead,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._ledger = ledger
        self._engagements = engagements
        self._clock = clock
        self._read_ahead = read_ahead

    def scope(self, connection: ConnectionName, segment: SegmentId) -> Scope:
        """Name a segment as its connection sees it.

        Raises:
            InvalidSettings: no such connection, or nothing can be sent to such a segment.
        """
        name, settings = self._settings.connection(connection)
        if not segment.strip() or not segment.isprintable():
            raise InvalidSettings(
                f"segment {segment!r} is no id of an audience; petiole campaigns lists some"
            )
        if trouble := self._registry.segment_trouble(name, settings, segment):
            raise InvalidSettings(f"segment {segment!r}: {trouble}")
        return Scope(account=settings.account_of(name), connection=name, segment=segment)

    def change(
        self,
        connection: str,
        kind: ChangeKind,
        identifier: str,
        *,
        segment: SegmentId,
        fields: Mapping[str, JsonValue] | None,
        id_: str | None,
    ) -> ProfileChange:
        """Make one change; a removal carries no fields.

        Raises:
            InvalidSettings: no such connection, or nothing can be sent to such a segment.
            IdentifierRefused: the identifier cannot be one.
        """
        name, settings = self._settings.connection(connection)
        carried = Fields() if kind is ChangeKind.REMOVE else Fields.of(fields or {})
        return ProfileChange(
            id=None if id_ is None else ChangeId(id_),
            scope=self.scope(name, segment),
            identifier=Identifier.of(settings.identifier, identifier),
            kind=kind,
            fields=carried,
            fingerprint=carried.fingerprint if kind is ChangeKind.ADD else None,
            occurred_at=self._clock.now(),
        )

    @contextmanager
    def open(
        self, task: SyncInput, audience: Audience, refusals: Refusals
    ) -> Iterator[OpenSnapshot]:
        """Begin to read a snapshot, and read no further on the way out.

        Raises:
            ConfigurationError: the settings do not allow it.
            AudienceError: the input cannot be read.
        """
        keying, mapping = self._reading(task, audience)
        scope = self.scope(task.connection, task.segment)
        with closing(
            open_snapshot(audience, keying, mapping, refusals, ahead=self._read_ahead)
        ) as profiles:
            yield OpenSnapshot(scope=scope, profiles=profiles, refusals=refusals)

    @contextmanager
    def plan(self, snapshot: OpenSnapshot, *, mirror: bool) -> Iterator[Plan]:
        """Read a snapshot to its end and measure it.

        Raises:
            AudienceError: the input cannot be read.
        """
        with plan_sync(
            snapshot.profiles,
            scope=snapshot.scope,
            ledger=self._ledger(),
            mirror=mirror,
            refusals=snapshot.refusals,
            sieve=self.suppression(snapshot.scope.connection),
        ) as plan:
            yield plan

    def read_changes(
        self, task: SyncInput, audience: Audience, columns: LogColumns, refusals: Refusals
    ) -> Iterator[ProfileChange]:
        """Read a change log lazily; adds and updates of suppressed profiles are left out.

        Raises:
            AudienceError: the input cannot be read.
        """
        keying, mapping = self._reading(task, audience, besides=columns)
        changes = read_changes(
            audience,
            scope=self.scope(task.connection, task.segment),
            keying=keying,
            mapping=mapping,
            columns=columns,
            refusals=refusals,
            now=self._clock.now(),
        )
        return self.suppression(task.connection).changes(changes)

    def suppression(self, connection: ConnectionName) -> Suppression:
        """Make what leaves out whom the connection's settings suppress."""
        settings = self._settings.connections[connection]
        return Suppression(
            books=self._engagements(),
            account=settings.account_of(connection),
            kinds=settings.suppress,
        )

    def refuse_kinds(self, connection: ConnectionName, plan: Plan) -> None:
        """Refuse a plan with changes that the connection's sink does not carry.

        Raises:
            InvalidSettings: names the kind, and those that it carries.
        """
        settings = self._settings.connections[connection]
        carried = self._registry.kinds(connection, settings)
        for kind, number in plan.numbers.items():
            if number and kind not in carried:
                raise InvalidSettings(
                    f"plugin {settings.plugin!r} cannot {kind} profiles; it carries: "
                    f"{', '.join(carried)} (nothing was queued)"
                )

    def _reading(
        self, task: SyncInput, audience: Audience, *, besides: LogColumns | None = None
    ) -> tuple[Keying, FieldMapping]:
        _, settings = self._settings.connection(task.connection)
        self._registry.require_fit(task.connection, settings)
        keying = Keying(
            column=task.key,
            type=settings.identifier,
            hashed=task.hashed,
            address=task.address,
        )
        left_out = {*keying.private, *(besides.named if besides else ())}
        mapping = FieldMapping(columns=settings.fields, left_out=left_out)
        self._refuse_reserved(task.connection, mapping, audience)
        return keying, mapping

    def _refuse_reserved(
        self, name: ConnectionName, mapping: FieldMapping, audience: Audience
    ) -> None:
        reserved = self._registry.reserved_fields(name, self._settings.connections[name])
        for field in mapping.names(audience.columns() or ()):
            if field in reserved:
                raise InvalidSettings(
                    f"the field name {field!r} is taken by the platform's own envelope; "
                    f"give the column another name in [connections.{name}.fields]"
                )


def as_audience(source: Audience | str | Path | Iterable[Mapping[str, JsonValue]]) -> Audience:
    """Take a file by its path, rows as mappings, or what is an audience already."""
    if isinstance(source, str | Path):
        return open_audience(source)
    return source if isinstance(source, Audience) else RowsAudience(source)
