"""The last look: what the platforms hold, what the ledger says, and what arrived again."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from petiole.core.domain.message import MessageState
from tests.simulation.books import LineKey
from tests.simulation.setup import Lane

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

if TYPE_CHECKING:
    from tests.simulation.world import World


def judge(world: "World") -> None:
    """Blame whatever differs, once everything is drained."""
    _judge_platforms(world)
    for lane in world.setup.lanes.values():
        _judge_ledger(world, lane)
    _judge_arrivals(world)
    _judge_usage(world)


def _judge_platforms(world: "World") -> None:
    """What a platform holds is what it accepted, applied in the order in which it came."""
    for account, platform in world.platforms.items():
        profiles = platform.state.profiles.standing().profiles
        for segment in sorted({lane.scope.segment for lane in world.setup.lanes.values()}):
            wanted = world.witness.held.get((account, segment), {})
            held = {who: dict(fields) for who, fields in profiles.get(segment, {}).items()}
            if held != wanted:
                world.blame(f"{account} holds {held} in {segment}, not {wanted}")


def _judge_ledger(world: "World", lane: Lane) -> None:
    """The ledger holds who was delivered and, where nothing is in doubt, who is there."""
    ledger, scope = world.people.store.store.ledger, lane.scope
    wanted = world.books.held.get((lane.name, scope.segment), set())
    if ledger.count(scope) != len(wanted):
        world.blame(f"the ledger of {lane.name} counts {ledger.count(scope)}, not {len(wanted)}")
    there = world.witness.held.get((scope.account, scope.segment), {})
    places = [(one.scope.account, one.scope.segment) for one in world.setup.lanes.values()]
    is_alone = places.count((scope.account, scope.segment)) == 1
    who = {e.first.identifier for e in world.books.entries.values() if e.connection == lane.name}
    for identifier in sorted(who, key=str):
        holds = ledger.holds(scope, identifier)
        if holds != (identifier.value in wanted):
            world.blame(f"the ledger of {lane.name} is wrong about {identifier.value}")
        is_sure = is_alone and _is_sure(world, (scope.account, identifier.value), lane)
        if is_sure and holds != (identifier.value in there):
            world.blame(f"{lane.name} and its platform differ about {identifier.value}")


def _is_sure(world: "World", line: LineKey, lane: Lane) -> bool:
    """Tell whether nobody but the platform itself had a say in what it holds of a profile."""
    if line in world.witness.clouded:
        return False
    return not any(
        entry.line == line
        and entry.connection == lane.name
        and (
            entry.is_said_to_have_arrived
            or entry.is_redriven
            or (world.witness.applied[entry.id] and entry.state is not MessageState.DELIVERED)
        )
        for entry in world.books.entries.values()
    )


def _judge_arrivals(world: "World") -> None:
    """What is delivered did arrive; what arrived again was told, taken over, or decided."""
    witness = world.witness
    again = {id_: number - 1 for id_, number in witness.applied.items() if number > 1}
    told = witness.resent + witness.taken_over + witness.untold + witness.strays
    told += sum(entry.sent_again for entry in world.books.entries.values())
    if sum(again.values()) > told:
        world.blame(f"{again} arrived again, of which {told} were told")
    for entry in world.books.entries.values():
        is_delivered = entry.state is MessageState.DELIVERED and not entry.is_said_to_have_arrived
        if is_delivered and not witness.applied[entry.id]:
            world.blame(f"#{entry.id} is delivered, but the platform never had it")


def _judge_usage(world: "World") -> None:
    """The calls of settled attempts are counted, each once."""
    books = world.people.store.store.bookkeeping
    for name in world.setup.lanes:
        told = books.calls([name], LONG_AGO)
        counted = sum(calls for connection, _, calls in world.witness.usage if connection == name)
        if told != counted:
            world.blame(f"{told} calls of {name} are counted, not {counted}")
