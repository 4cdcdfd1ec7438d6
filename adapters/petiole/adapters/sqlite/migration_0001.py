"""The first tables. Released: never changed."""

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.script import run_script

_PROFILE = """
CREATE TABLE profile (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    identifier_type TEXT NOT NULL CHECK (
        identifier_type = 'customer-id' OR identifier_type = 'hashed-email'
    ),
    identifier TEXT NOT NULL
) STRICT;
"""
"""Identifiers are random, profile numbers ascend as profiles come: whatever else is kept by profile
number is written page after page, not all over the file."""

_MESSAGE = """
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT,
    profile INTEGER NOT NULL REFERENCES profile (id),
    connection TEXT NOT NULL,
    segment TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'add' OR kind = 'update' OR kind = 'remove'),
    fields TEXT,
    fingerprint BLOB,
    weight_bytes INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (
        state = 'pending' OR state = 'in_flight' OR state = 'delivered' OR state = 'folded'
        OR state = 'parked' OR state = 'dead' OR state = 'erased'
    ),
    head INTEGER NOT NULL CHECK (head = 0 OR head = 1),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at INTEGER,
    batch INTEGER REFERENCES batch (id),
    occurred_at INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    settled_at INTEGER,
    folded_into INTEGER,
    code TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    CHECK ((settled_at IS NULL) = (state = 'pending' OR state = 'in_flight')),
    CHECK (head = 1 OR (state <> 'in_flight' AND state <> 'parked')),
    CHECK (head = 0 OR state = 'pending' OR state = 'in_flight' OR state = 'parked'),
    CHECK (due_at IS NULL OR (state = 'pending' AND head = 1)),
    CHECK (batch IS NOT NULL OR state <> 'in_flight'),
    CHECK ((folded_into IS NULL) = (state <> 'folded')),
    CHECK ((fields IS NULL) = (state = 'folded' OR state = 'erased'))
) STRICT;
"""

_BATCH = """
CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    owner TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;
"""

_TALLY = """
CREATE TABLE tally (
    connection TEXT PRIMARY KEY,
    enqueued INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0),
    in_flight INTEGER NOT NULL DEFAULT 0 CHECK (in_flight >= 0),
    delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered >= 0),
    folded INTEGER NOT NULL DEFAULT 0 CHECK (folded >= 0),
    parked INTEGER NOT NULL DEFAULT 0 CHECK (parked >= 0),
    dead INTEGER NOT NULL DEFAULT 0 CHECK (dead >= 0),
    erased INTEGER NOT NULL DEFAULT 0 CHECK (erased >= 0),
    CHECK (enqueued = pending + in_flight + delivered + folded + parked + dead + erased)
) STRICT, WITHOUT ROWID;
"""

_LEDGER = """
CREATE TABLE ledger (
    connection TEXT NOT NULL,
    segment TEXT NOT NULL,
    profile INTEGER NOT NULL REFERENCES profile (id),
    fingerprint BLOB,
    PRIMARY KEY (connection, segment, profile)
) STRICT, WITHOUT ROWID;
"""

_CONNECTION_STATE = """
CREATE TABLE connection_state (
    connection TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    open_until INTEGER,
    paused TEXT CHECK (
        paused = 'operator' OR paused = 'credentials' OR paused = 'endpoint'
    ),
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

_INDEXES = """
-- The database's own proof that of each profile at most one change is on its way on an account.
CREATE UNIQUE INDEX message_head ON message (profile) WHERE head = 1;
-- Those that wait behind the head of their line, in order.
CREATE INDEX message_behind ON message (profile) WHERE state = 'pending' AND head = 0;
-- Only what can be claimed now: a claim never steps over a message that has to wait.
CREATE INDEX message_ready ON message (connection)
    WHERE state = 'pending' AND head = 1 AND due_at IS NULL;
CREATE INDEX message_waiting ON message (connection, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX message_batch ON message (batch) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX message_event ON message (connection, event) WHERE event IS NOT NULL;
CREATE INDEX message_dead ON message (settled_at) WHERE state IN ('dead', 'parked');
CREATE INDEX message_dead_of_connection ON message (connection, settled_at)
    WHERE state IN ('dead', 'parked');
CREATE INDEX batch_open ON batch (connection) WHERE settled_at IS NULL;
"""


def first(tables: Tables) -> None:
    """Make the tables of an empty file."""
    for script in (_PROFILE, _BATCH, _MESSAGE, _TALLY, _LEDGER, _CONNECTION_STATE, _INDEXES):
        run_script(tables, script)
