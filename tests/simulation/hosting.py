"""How a host is wired in a simulated world: the real relay and the real sink, watched."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from petiole.adapters.canopydeploy import faults
from petiole.adapters.canopydeploy.credentials import Credentials
from petiole.adapters.canopydeploy.rest import WebhookSink
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.transport import Poster
from petiole.adapters.canopydeploy.wire import Wire
from petiole.adapters.memory import SeededChance
from petiole.core.delivery.relay import Relay
from petiole.core.delivery.route import Route
from petiole.core.domain.events import BatchSettled, Event
from petiole.core.domain.identity import IdentifierType
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink
from tests.simulation.busy import BusyOutbox, BusyStates
from tests.simulation.moods import MoodySink
from tests.simulation.network import Cable
from tests.simulation.process import Process
from tests.simulation.setup import LEASE, TIMEOUT_SECONDS, ZONE, Lane
from tests.simulation.stores import Store
from tests.simulation.watched import WatchedOutbox, WatchedSink, WatchedVerifyingSink
from tests.simulation.witness import Witness

if TYPE_CHECKING:
    from tests.simulation.world import World

TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
TOKEN_VARIABLE = "SIMULATION_TOKEN"
MOUNT = "https://twin.example.org/app/api/rest/public/v2/project/datahook/data-receiver/demo"
_SETTINGS = CanopyDeployBatchSettings.model_validate(
    {"endpoint": MOUNT, "token": {"env": TOKEN_VARIABLE}}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """How a world differs from the real one, to see whether that is noticed."""

    relay: type[Relay] = Relay
    outbox: Callable[[Outbox, Store], Outbox] = lambda outbox, _: outbox
    states: Callable[[ConnectionStates], ConnectionStates] = lambda states: states
    bookkeeping: Callable[[Bookkeeping], Bookkeeping] = lambda bookkeeping: bookkeeping
    sink: Callable[[ProfileSink], ProfileSink] = lambda sink: sink


def wired(world: "World", process: Process, store: Store, variation: Variation) -> Relay:
    """Wire the relay of a process."""
    outbox = BusyOutbox(variation.outbox(store.outbox, store), world)
    return variation.relay(
        [_route(world, process, lane, variation) for lane in world.setup.lanes.values()],
        outbox=WatchedOutbox(outbox, store, process),
        states=BusyStates(variation.states(store.states), world),
        bookkeeping=variation.bookkeeping(store.bookkeeping),
        workers=process.workers,
        clock=world.clock,
        chance=SeededChance(world.random.randrange(2**32)),
        observer=_Listener(world.witness),
    )


def _route(world: "World", process: Process, lane: Lane, variation: Variation) -> Route:
    watched = WatchedVerifyingSink if lane.verifies else WatchedSink
    sink = variation.sink(MoodySink(_sink(world, process, lane), world))
    return Route(
        connection=lane.name,
        sink=watched(sink, process, lane.scope.account),
        batching=lane.batching,
        retry=lane.retry,
        breaker=lane.breaker,
        ambiguity=lane.ambiguity,
        hold_dead=lane.hold_dead,
        max_in_flight=lane.max_in_flight,
        quota=lane.quota,
        lease=LEASE,
    )


def _sink(world: "World", process: Process, lane: Lane) -> WebhookSink:
    """Make the real one, over the wire of this world."""
    credentials = Credentials(_SETTINGS.token, auth="bearer", username=None)
    calls = lane.quota.calls if lane.quota else 50_000
    poster = Poster(
        _SETTINGS.endpoint,
        credentials,
        timeout_seconds=TIMEOUT_SECONDS,
        transport=Cable(world.network, process, lane.scope.account),
    )
    return WebhookSink(
        wire=Wire(_SETTINGS, IdentifierType.CUSTOMER_ID),
        poster=poster,
        credentials=credentials,
        quota=faults.Quota(daily_calls=calls, zone=ZONE),
        max_call_bytes=1_000_000,
        now=world.clock.now,
    )


class _Listener:
    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def notify(self, event: Event) -> None:
        if isinstance(event, BatchSettled):
            self._witness.resent += event.resent
