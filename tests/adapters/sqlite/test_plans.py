"""Every statement finds its rows by an index: what it costs does not grow with the backlog."""

import re
from importlib import import_module
from pkgutil import iter_modules

import pytest

import petiole.adapters.sqlite
from petiole.adapters.sqlite import SqliteStore
from petiole.adapters.sqlite.wholesale import DOOR
from petiole.core.domain.change import ChangeKind
from petiole.testing.changes import change, scope
from petiole.testing.contracts.runs import ALL, NEWSLETTER, claim, fill, settle
from tests.adapters.sqlite.explaining import plan_of, statements_of

CHANGES_OF_ONE = 20_000
TABLES = (
    "message|content|profile|profile_key|ledger|batch|connection_state|lost_claim|happening"
    "|happened|usage|seen"
)
WALK = re.compile(rf"SCAN ({TABLES})\b")
HOT = {
    "attempts",
    "backlog",
    "batches",
    "bookkeeping",
    "claims",
    "deliveries",
    "happenings",
    "lines",
    "profiles",
    "ready",
    "settlements",
    "states",
    "sums",
    "turns",
}
"""Modules of which every statement belongs to enqueueing, looking, claiming or settling."""
SORTS_A_BATCH = "deliveries._COUNTS"


def statements() -> dict[str, str]:
    """Find the statements of all modules by the names of their constants."""
    found = {}
    for module in iter_modules(petiole.adapters.sqlite.__path__):
        for name, value in vars(import_module(f"petiole.adapters.sqlite.{module.name}")).items():
            if isinstance(value, str) and re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", value):
                found[f"{module.name}.{name}"] = value
    return found


ELSEWHERE = re.compile(
    r"staging\.|migration_|engagement|causes|held\.JUDGED|sheaves\._BIND"
    r"|wholesale\._(SETTLE|REFUSE_LOST|END$|ENTER|SUM_UP)"
)
"""Run on other tables, or once, or as part of another statement: see the tests of those."""
STATEMENTS = {name: sql for name, sql in statements().items() if not ELSEWHERE.match(name)}
STATEMENTS |= {
    f"wholesale, {number}": sql for number, sql in enumerate(statements_of(DOOR), start=1)
}


def plan(store: SqliteStore, sql: str) -> list[str]:
    with (
        store.ledger.compare(scope(), (), mirror=False),  # sets a snapshot aside
        store.outbox._database.read() as tables,
    ):
        return plan_of(tables, sql)


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_walks_through_a_table(store: SqliteStore, name: str) -> None:
    steps = plan(store, STATEMENTS[name])

    assert [step for step in steps if WALK.match(step)] == []


def test_statements_are_found() -> None:
    assert {"ready._READY", "lines._ADD", "held._STANDINGS"} < STATEMENTS.keys()


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("ready._READY", "message_ready"),
        ("ready._TOGETHER", "message_ready"),
        ("claims._WAKE", "message_waiting"),
        ("claims._OF_BATCH", "message_batch"),
        ("part._SAY_BY_KEY", "message_head"),
        ("backlog._READY", "message_ready"),
        ("backlog._DUE", "message_waiting"),
        ("backlog._NEXT_DUE", "message_waiting"),
        ("batches._OPEN", "batch_open"),
        ("lines._ENDS", "message_head"),
        ("lines._ENDS", "message_behind"),
        ("lines._SEEN", "message_event"),
        ("turns._LET_FORWARD", "message_behind"),
        ("turns._YIELD", "message_behind"),
        ("turns._CLOSE_UP", "message_head"),
        ("letters._NEWEST", "letter_age"),
        ("letters._OLDEST", "letter"),
        ("letters._CAUSES", "letter_cause"),
        ("life._MESSAGES", "message_past"),
        ("pruning._OVER", "message_over"),
        ("pruning._SUPERSEDE", "letter_profile"),
    ],
)
def test_statement_uses_its_index(store: SqliteStore, name: str, index: str) -> None:
    assert any(f"INDEX {index} " in f"{step} " for step in plan(store, STATEMENTS[name]))


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in STATEMENTS if name.partition(".")[0] in HOT and name != SORTS_A_BATCH),
        "part._MESSAGES",
        "part._MESSAGES_OF_NEW",
        "part._SAY",
        "staged._TOGETHER",
        "part._SAY_BY_KEY",
        "letters._NEWEST",
        "letters._OLDEST",
        "letters._CAUSES",
        "pruning._OVER",
    ],
)
def test_what_is_asked_often_sorts_nothing(store: SqliteStore, name: str) -> None:
    assert [step for step in plan(store, STATEMENTS[name]) if "TEMP B-TREE" in step] == []


def test_hot_profile_is_claimed_one_by_one_in_order(store: SqliteStore) -> None:
    hot = [change(1, ChangeKind.UPDATE, {"n": number}) for number in range(CHANGES_OF_ONE)]
    for start in range(0, CHANGES_OF_ONE, 5_000):
        store.outbox.enqueue(hot[start : start + 5_000], folding=False)
    fill(store, 2, 3)

    assert store.outbox.backlog(NEWSLETTER, ALL).claimable == 3
    for expected in ([hot[0], change(2), change(3)], [hot[1]], [hot[2]]):
        [batch] = claim(store)
        assert [message.change for message in batch.messages] == expected
        settle(store, batch)
