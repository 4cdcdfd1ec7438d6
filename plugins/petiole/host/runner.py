"""The host runner: plans, enqueues, delivers and tells, for the command line and for programs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from petiole.core.delivery.change_log import LogColumns, read_changes
from petiole.core.delivery.enqueue import enqueue_all
from petiole.core.delivery.plan import Plan, plan_sync
from petiole.core.delivery.reading import FieldMapping, Keying, Refusals
from petiole.core.domain.batching import Backlog
from petiole.core.domain.breaker import ConnectionState, PauseReason, probing
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange, Scope, SegmentId
from petiole.core.domain.dead_letter import DeadLetter
from petiole.core.domain.tally import EnqueueReceipt, Tally
from petiole.core.errors import InvalidSettings
from petiole.core.ports.audience import Audience
from petiole.core.ports.observer import Observer
from petiole.core.ports.parking import Decision
from petiole.host.container import Container
from petiole.host.observers import Fanout, HookObserver
from petiole.host.secret_watch import SecretWatch
from petiole.host.settings import Settings

PATIENCE = timedelta(minutes=2)
"""How long a command that delivers waits for a retry or a held connection before it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncInput:
    """What `petiole sync` is told about its input."""

    connection: ConnectionName
    segment: SegmentId
    key: str
    hashed: bool = False
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """One connection at a glance."""

    name: ConnectionName
    state: ConnectionState
    tally: Tally
    backlog: Backlog


class Host:
    """Runs the core's use cases on the wired adapters. Used from one thread."""

    def __init__(self, settings: Settings, container: Container) -> None:
        self._settings = settings
        self._container = container

    @property
    def container(self) -> Container:
        """Where tests swap adapters."""
        return self._container

    def scope(self, task: SyncInput) -> Scope:
        """Name the segment as its connection sees it."""
        _, settings = self._settings.connection(task.connection)
        return Scope(
            account=settings.account_of(task.connection),
            connection=task.connection,
            segment=task.segment,
        )

    @contextmanager
    def plan(
        self, task: SyncInput, audience: Audience, *, mirror: bool, refusals: Refusals
    ) -> Iterator[Plan]:
        """Read a snapshot and measure it; nothing is enqueued yet.

        Raises:
            AudienceError: the input cannot be read.
        """
        keying, mapping = self._reading(task, audience)
        with plan_sync(
            audience,
            scope=self.scope(task),
            keying=keying,
            mapping=mapping,
            ledger=self._container.ledger(),
            mirror=mirror,
            refusals=refusals,
        ) as plan:
            yield plan

    def read_changes(
        self, task: SyncInput, audience: Audience, columns: LogColumns, refusals: Refusals
    ) -> Iterator[ProfileChange]:
        """Read a change log lazily."""
        keying, mapping = self._reading(task, audience, besides=columns)
        return read_changes(
            audience,
            scope=self.scope(task),
            keying=keying,
            mapping=mapping,
            columns=columns,
            refusals=refusals,
            now=self._container.clock().now(),
        )

    def enqueue_plan(
        self, task: SyncInput, plan: Plan, on_chunk: Callable[[EnqueueReceipt], None] | None = None
    ) -> EnqueueReceipt:
        """Put a plan's changes into the outbox.

        Raises:
            InvalidSettings: the connection's plugin does not carry changes of such a kind.
        """
        difference = plan.difference
        planned = {
            ChangeKind.ADD: difference.added,
            ChangeKind.UPDATE: difference.updated,
            ChangeKind.REMOVE: difference.removed - plan.withheld,
        }
        self._refuse_kinds(task.connection, [kind for kind, number in planned.items() if number])
        return self.enqueue(task, plan.changes(self._container.clock().now()), on_chunk)

    def enqueue(
        self,
        task: SyncInput,
        changes: Iterator[ProfileChange],
        on_chunk: Callable[[EnqueueReceipt], None] | None = None,
    ) -> EnqueueReceipt:
        """Put changes into the outbox."""
        _, settings = self._settings.connection(task.connection)
        return enqueue_all(
            self._container.outbox(), changes, folding=settings.folding, on_chunk=on_chunk
        )

    def deliver(
        self, *, flush: bool, until: Callable[[], bool], patience: timedelta = PATIENCE
    ) -> None:
        """Deliver what is due, and with `flush` all there is, then return."""
        self._lift_pauses()
        self._container.relay().drain(flush=flush, patience=patience, until=until)

    def run(self, *, until: Callable[[], bool]) -> None:
        """Deliver whatever becomes due until told to stop."""
        self._lift_pauses()
        watch = self._watch_secrets()

        def done() -> bool:
            watch.look()
            return until()

        self._container.relay().run(until=done)

    def status(self) -> Sequence[ConnectionStatus]:
        """Look at every connection of this host."""
        books = self._container.bookkeeping()
        return [
            ConnectionStatus(
                name=name,
                state=self._container.states().state(name),
                tally=books.tally(name),
                backlog=self._container.outbox().backlog(
                    name, self._settings.connections[name].batching
                ),
            )
            for name in self._container.names()
        ]

    def dead_letters(self, *, limit: int) -> Sequence[DeadLetter]:
        """List dead and parked messages of this host's connections, newest first."""
        names = self._container.names()
        only = names[0] if len(names) == 1 else None
        return self._container.bookkeeping().dead_letters(only, limit=limit)

    def release(self, decision: Decision) -> int:
        """Carry out a decision on the parked messages of this host's connections."""
        parking = self._container.parking()
        return sum(parking.release(name, decision) for name in self._container.names())

    def count_held(self, task: SyncInput) -> int:
        """Count the profiles that the platform holds in a segment, as far as we were told."""
        return self._container.ledger().count(self.scope(task))

    def open_sinks(self) -> None:
        """Open every sink now, so that a wrong setting or secret is told before any work."""
        self._container.sinks()
        self._container.plugins().load_observers()

    def _refuse_kinds(self, name: ConnectionName, kinds: Iterable[ChangeKind]) -> None:
        settings = self._settings.connections[name]
        carried = self._container.registry().kinds(name, settings)
        for kind in kinds:
            if kind not in carried:
                raise InvalidSettings(
                    f"plugin {settings.plugin!r} cannot {kind} profiles; it carries: "
                    f"{', '.join(carried)} (nothing was queued)"
                )

    def _reading(
        self, task: SyncInput, audience: Audience, *, besides: LogColumns | None = None
    ) -> tuple[Keying, FieldMapping]:
        _, settings = self._settings.connection(task.connection)
        self._container.registry().require_fit(task.connection, settings)
        self._refuse_segment(task)
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

    def _refuse_segment(self, task: SyncInput) -> None:
        if not task.segment.strip() or not task.segment.isprintable():
            raise InvalidSettings(
                f"segment {task.segment!r} is no id of an audience; petiole campaigns lists some"
            )
        settings = self._settings.connections[task.connection]
        registry = self._container.registry()
        if trouble := registry.segment_trouble(task.connection, settings, task.segment):
            raise InvalidSettings(f"segment {task.segment!r}: {trouble}")

    def _refuse_reserved(
        self, name: ConnectionName, mapping: FieldMapping, audience: Audience
    ) -> None:
        settings = self._settings.connections[name]
        reserved = self._container.registry().reserved_fields(name, settings)
        for field in mapping.names(audience.columns() or ()):
            if field in reserved:
                raise InvalidSettings(
                    f"the field name {field!r} is taken by the platform's own envelope; "
                    f"give the column another name in [connections.{name}.fields]"
                )

    def _watch_secrets(self) -> SecretWatch:
        registry = self._container.registry()
        connections = self._settings.connections
        return SecretWatch(
            {name: registry.secrets(name, connections[name]) for name in self._container.names()},
            states=self._container.states(),
            clock=self._container.clock(),
        )

    def _lift_pauses(self) -> None:
        """Give connections paused for a wrong secret or address one trial at each start."""
        states = self._container.states()
        now = self._container.clock().now()
        for name in self._container.names():
            state = states.state(name)
            if state.paused and state.paused is not PauseReason.OPERATOR:
                states.record(name, probing(state, now))


@contextmanager
def open_host(
    settings: Settings,
    connections: Sequence[ConnectionName] | None = None,
    *,
    observer: Observer | None = None,
) -> Iterator[Host]:
    """Wire a host for some connections, or for all, and close it on the way out.

    Raises:
        InvalidSettings: there is no connection at all.
    """
    names = [ConnectionName(name) for name in settings.connections]
    if connections is not None:
        names = list(connections)
    if not names:
        raise InvalidSettings("no connection is set up; add [connections.NAME] to the settings")
    with ExitStack() as stack:
        fanout = Fanout([observer] if observer else [])
        container = Container(settings=settings, stack=stack, names=names, observer=fanout)
        fanout.add(HookObserver(container.plugins()))
        yield Host(settings, container)
