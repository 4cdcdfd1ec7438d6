"""The host: plans, enqueues, delivers and tells, for the command line and for programs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

from petiole.core.delivery.feed import Feed
from petiole.core.delivery.plan import Plan
from petiole.core.delivery.reading import Refusals
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange, SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import ConfigurationError, InvalidSettings
from petiole.core.ports.audience import Audience
from petiole.core.ports.observer import Observer
from petiole.host.container import Container
from petiole.host.observers import DeliveryCount, Fanout, HookObserver
from petiole.host.operations import Operations
from petiole.host.planning import Planning, SyncInput, as_audience
from petiole.host.queueing import Queueing
from petiole.host.relaying import Relaying
from petiole.host.results import RunResult, SyncResult, run_result
from petiole.host.settings import Settings, load_settings
from petiole.host.status import ConnectionStatus, look_at

PATIENCE = timedelta(minutes=2)
"""How long work in the foreground waits for a retry or a held connection before it ends."""


class Host:
    """Runs the core's use cases on the wired adapters; `Host.open` makes one.

    Used from the thread that opened it, but for `stop`, and not after it was closed.
    """

    def __init__(self, settings: Settings, container: Container, fanout: Fanout) -> None:
        self._settings = settings
        self._wired: Container | None = container
        self._fanout = fanout
        self._relaying = Relaying(settings, container)
        self._queueing = Queueing(settings, container)

    @classmethod
    @contextmanager
    def open(
        cls,
        settings: Settings | str | Path = "petiole.toml",
        connections: Sequence[str] | None = None,
        *,
        observer: Observer | None = None,
    ) -> Iterator[Self]:
        """Wire a host for some connections, or for all, and close on the way out what it opened.

        Args:
            settings: a settings file, or settings that were loaded or made before.
            connections: their names; no others are opened.
            observer: is told of every event, after it is durable.

        Raises:
            InvalidSettings: the settings are wrong, name no such connection, or none at all.
        """
        known = settings if isinstance(settings, Settings) else load_settings(Path(settings))
        asked = known.connections if connections is None else connections
        names = [known.connection(name)[0] for name in asked]
        if not names:
            raise InvalidSettings("no connection is set up; add [connections.NAME] to the settings")
        with ExitStack() as stack:
            fanout = Fanout([observer] if observer else [])
            container = Container(settings=known, stack=stack, names=names, observer=fanout)
            fanout.add(HookObserver(container.plugins()))
            host = cls(known, container, fanout)
            try:
                yield host
            finally:
                host._close()

    @property
    def container(self) -> Container:
        """Where tests swap adapters.

        Raises:
            ConfigurationError: the host is closed.
        """
        if self._wired is None:
            raise ConfigurationError("this host is closed; open another with Host.open")
        return self._wired

    @cached_property
    def planning(self) -> Planning:
        """What reads inputs."""
        return Planning(
            self._settings,
            registry=self.container.registry(),
            ledger=self.container.ledger,
            engagements=self.container.engagement_books,
            clock=self.container.clock(),
            read_ahead=self.container.read_ahead(),
        )

    @cached_property
    def operations(self) -> Operations:
        """What a person does about connections and messages."""
        return Operations(
            self._settings,
            states=self.container.states(),
            dead_letters=self.container.dead_letters(),
            history=self.container.history(),
            registry=self.container.registry(),
            clock=self.container.clock(),
        )

    def change(
        self,
        connection: str,
        kind: ChangeKind,
        identifier: str,
        *,
        segment: str,
        fields: Mapping[str, JsonValue] | None = None,
        id: str | None = None,  # noqa: A002 - the domain's word
    ) -> ProfileChange:
        """Make a change for `submit`; nothing is queued yet.

        Args:
            connection: whose settings tell what kind of identifier it is.
            kind: add, update or remove.
            identifier: a customer id, a hash, or a raw address, which is hashed here.
            segment: the audience or campaign on the platform.
            fields: platform field -> value: the whole profile for an add, some for an update.
            id: the producer's own key; a change whose id was seen before is not taken again.

        Raises:
            InvalidSettings: no such connection, or nothing can be sent to such a segment.
            IdentifierRefused: the identifier cannot be one.
        """
        return self.planning.change(
            connection, kind, identifier, segment=SegmentId(segment), fields=fields, id_=id
        )

    def submit(
        self,
        changes: Iterable[ProfileChange],
        *,
        on_chunk: Callable[[EnqueueReceipt], None] | None = None,
    ) -> EnqueueReceipt:
        """Queue changes in order; when this returns, every one of them is on disk.

        Reads lazily and commits a thousand at a time: if `changes` raises, the chunks before stay
        queued, and `on_chunk` was told of them.

        Raises:
            OutboxError: the chunk under way was not queued; those before were.
        """
        return self._queueing.submit(changes, on_chunk=on_chunk)

    def submit_plan(self, task: SyncInput, plan: Plan) -> EnqueueReceipt:
        """Queue a plan's changes; when this returns, every one of them is on disk.

        Raises:
            InvalidSettings: the connection's plugin does not carry changes of such a kind.
            OutboxError: the part under way was not queued; those before were.
        """
        return self.feed(task, plan).finish()

    def feed(
        self, task: SyncInput, plan: Plan, on_part: Callable[[EnqueueReceipt], None] | None = None
    ) -> Feed:
        """Make what queues a plan's changes: all at once by `finish`, or while `deliver` sends.

        Raises:
            InvalidSettings: the connection's plugin does not carry changes of such a kind.
        """
        self.planning.refuse_kinds(task.connection, plan)
        return self._queueing.feed(task.connection, plan, on_part=on_part)

    def sync(
        self,
        connection: str,
        audience: Audience | str | Path | Iterable[Mapping[str, JsonValue]],
        *,
        segment: str,
        key: str,
        mirror: bool = False,
        deliver: bool = True,
        patience: timedelta = PATIENCE,
    ) -> SyncResult:
        """Make a segment hold a snapshot: compare it with the ledger, queue the changes, deliver.

        When this returns, every change is on disk, and with `deliver` was tried. Calling it again
        with the same snapshot queues only what has changed or died since, so a scheduler may repeat
        it after any failure. A delivery that fails does not raise: look at `complete` and `run`.

        Args:
            connection: the connection's name in the settings.
            audience: a CSV or JSONL file, rows as mappings (read once, lazily), or an audience.
            segment: the audience or campaign on the platform.
            key: the column that identifies a profile.
            mirror: also remove from the segment whom the snapshot lacks.
            deliver: deliver now, with all else that is queued; else a running host does.
            patience: how long this may wait, since the last delivery, for a platform that is slow
                or down, or holds its connection back; what is not delivered then stays queued.

        Raises:
            ConfigurationError: the settings or the plugin do not allow it; nothing was queued.
            AudienceError: the snapshot cannot be read, or a mirror would remove most of a large
                segment; nothing was queued.
            OutboxError: the outbox cannot be used; what was queued before stays queued.
        """
        name, _ = self._settings.connection(connection)
        task = SyncInput(connection=name, segment=SegmentId(segment), key=key)
        refusals = Refusals()
        with self.planning.open(task, as_audience(audience), refusals) as snapshot:
            if deliver and (trouble := self.open_sinks().get(name)):
                raise trouble
            with self.planning.plan(snapshot, mirror=mirror) as plan:
                plan.require_moderation()
                difference, withheld, suppressed = plan.difference, plan.withheld, plan.suppressed
                feed = self.feed(task, plan)
                run = self.run_once(flush=True, patience=patience, feed=feed) if deliver else None
                receipt = feed.finish()
        return SyncResult(
            difference=difference,
            withheld=withheld,
            suppressed=suppressed,
            refused=refusals.count,
            refusals=refusals.kept,
            receipt=receipt,
            run=run,
        )

    def run_once(
        self, *, flush: bool = False, patience: timedelta = PATIENCE, feed: Feed | None = None
    ) -> RunResult:
        """Deliver what is due, and with `flush` all there is, then tell what came of it.

        When this returns, every answer that came is on disk; what waits for longer than `patience`
        stays queued.

        Raises:
            ConfigurationError: no connection can be opened, or a sink that was overridden is none.
            OutboxError: the outbox cannot be used; nothing is lost.
        """
        counted = DeliveryCount()
        with self._fanout.telling(counted):
            self.deliver(flush=flush, patience=patience, feed=feed)
        return run_result(counted, self.status())

    def deliver(
        self,
        *,
        flush: bool,
        until: Callable[[], bool] = lambda: False,
        patience: timedelta = PATIENCE,
        feed: Feed | None = None,
    ) -> None:
        """Deliver what is due, and with `flush` all there is, and queue a feed meanwhile."""
        self.operations.lift_own_pauses(self.container.names())
        self._relaying.deliver(flush=flush, until=until, patience=patience, feed=feed)

    def run(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Deliver whatever becomes due until `stop` is called; settle what is in the air, return.

        Args:
            until: asked now and then; true ends it as `stop` does.
        """
        self.operations.lift_own_pauses(self.container.names())
        self._relaying.run(until=until)

    def stop(self) -> None:
        """Let `run` or `deliver` end soon; from any thread, or from a signal handler.

        It ends the one that is under way, else the next one: that queues, but delivers nothing.
        Whatever comes after works as ever.
        """
        self._relaying.stop()

    def status(self) -> Sequence[ConnectionStatus]:
        """Look at every connection of this host."""
        return look_at(self._settings, self.container)

    def open_sinks(self) -> Mapping[ConnectionName, ConfigurationError]:
        """Open every sink now, so that a wrong setting or secret is told before any work.

        Returns:
            the connections that cannot be used, and why; the others are delivered.

        Raises:
            ConfigurationError: none can be used.
        """
        self.container.fitting_sinks()
        self.container.plugins().load_observers()
        return self.container.unusable()

    def _close(self) -> None:
        self._wired = None
        for made in ("planning", "operations"):
            vars(self).pop(made, None)
