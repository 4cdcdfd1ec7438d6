"""Lines with held letters, epochs of batches, and what is remembered of messages."""

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.script import run_script
from petiole.core.domain.failure import failure_fingerprint

_MESSAGE = """
CREATE TABLE message_0002 (
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
    head INTEGER CHECK (head = 0 OR head = 1),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at INTEGER,
    batch INTEGER REFERENCES batch (id),
    occurred_at INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    settled_at INTEGER,
    folded_into INTEGER,
    code TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    failure TEXT,
    edit TEXT,
    first_kind TEXT,
    tick INTEGER NOT NULL DEFAULT 0,
    superseded INTEGER NOT NULL DEFAULT 0 CHECK (superseded = 0 OR superseded = 1),
    CHECK ((settled_at IS NULL) = (state = 'pending' OR state = 'in_flight')),
    CHECK (head IS NOT NULL OR (state <> 'pending' AND state <> 'in_flight' AND state <> 'parked')),
    CHECK (
        head IS NULL
        OR state = 'pending' OR state = 'in_flight' OR state = 'parked' OR state = 'dead'
    ),
    CHECK (head = 1 OR state <> 'in_flight'),
    CHECK (due_at IS NULL OR state = 'pending'),
    CHECK (batch IS NOT NULL OR state <> 'in_flight'),
    CHECK ((folded_into IS NULL) = (state <> 'folded')),
    CHECK ((fields IS NULL) = (state = 'folded' OR state = 'erased')),
    CHECK (edit IS NULL OR fields IS NOT NULL),
    CHECK ((failure IS NULL) = (state <> 'dead' AND state <> 'parked'))
) STRICT;
"""
"""`head` tells the place in the line of the profile: 1 at the head of it, 0 behind, nothing for
those that stand in no line any more. A letter that holds its line stands in it, dead or parked.
`first_kind` is the kind before others were folded in, where that changed it. `tick` is that of the
enqueueing. `superseded` marks a letter whose successor was delivered and is forgotten."""

_MOVE_MESSAGES = """
INSERT INTO message_0002 (
    id, event, profile, connection, segment, kind, fields, fingerprint, weight_bytes, state,
    head, attempts, due_at, batch, occurred_at, enqueued_at, settled_at, folded_into, code, reason,
    failure
)
SELECT
    id, event, profile, connection, segment, kind, fields, fingerprint, weight_bytes, state,
    iif(state = 'pending' OR state = 'in_flight' OR state = 'parked', head, NULL),
    attempts, due_at, batch, occurred_at, enqueued_at, settled_at, folded_into, code, reason,
    iif(state = 'dead' OR state = 'parked', failure_fingerprint(code, reason), NULL)
FROM message;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'message')
WHERE name = 'message_0002' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'message');
DROP TABLE message;
ALTER TABLE message_0002 RENAME TO message;
"""

_INDEXES = """
-- The database's own proof that of each profile at most one change is on its way on an account.
CREATE UNIQUE INDEX message_head ON message (profile) WHERE head = 1;
-- Those that wait behind the head of their line, in order.
CREATE INDEX message_behind ON message (profile) WHERE head = 0;
-- Those that left their line: with the two above, all that a profile ever had.
CREATE INDEX message_past ON message (profile) WHERE head IS NULL;
-- Only what can be claimed now: a claim never steps over a message that has to wait.
CREATE INDEX message_ready ON message (connection)
    WHERE state = 'pending' AND head = 1 AND due_at IS NULL;
CREATE INDEX message_waiting ON message (connection, due_at)
    WHERE due_at IS NOT NULL AND head = 1;
CREATE INDEX message_batch ON message (batch) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX message_event ON message (connection, event) WHERE event IS NOT NULL;
-- What may be forgotten, the oldest first: delivered, folded and erased.
CREATE INDEX message_over ON message (settled_at) WHERE head IS NULL AND failure IS NULL;
-- Letters are the messages with a failure: by id, by age, by cause, and by profile.
CREATE INDEX letter ON message (connection, state) WHERE failure IS NOT NULL;
CREATE INDEX letter_age ON message (connection, state, settled_at) WHERE failure IS NOT NULL;
CREATE INDEX letter_cause ON message (connection, state, failure, code, settled_at)
    WHERE failure IS NOT NULL;
CREATE INDEX letter_profile ON message (profile) WHERE failure IS NOT NULL;
"""

_BATCH = """
ALTER TABLE batch RENAME COLUMN lease_until TO lease_ends;
ALTER TABLE batch ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1 CHECK (epoch >= 1);
ALTER TABLE batch ADD COLUMN claim_tick INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN settle_tick INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN began_at INTEGER;
ALTER TABLE batch ADD COLUMN ended_at INTEGER;
ALTER TABLE batch ADD COLUMN calls INTEGER;
ALTER TABLE batch ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN exchanges TEXT;
UPDATE batch SET lease_ends = 0 WHERE settled_at IS NULL;
"""
"""From now on `lease_ends` is microseconds of the machine's uptime; open batches are abandoned. The
record of the claim that settled a batch stands with it, for that page is written anyway."""

_MEMORY = """
ALTER TABLE tally ADD COLUMN tick INTEGER NOT NULL DEFAULT 0;
CREATE TABLE lost_claim (
    batch INTEGER NOT NULL REFERENCES batch (id),
    epoch INTEGER NOT NULL,
    claim_tick INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (batch, epoch)
) STRICT, WITHOUT ROWID;
CREATE TABLE happening (
    id INTEGER PRIMARY KEY,
    tick INTEGER NOT NULL,
    at INTEGER NOT NULL,
    connection TEXT NOT NULL,
    step TEXT NOT NULL CHECK (
        step = 'retry' OR step = 'parked' OR step = 'dead' OR step = 'edited' OR step = 'resent'
        OR step = 'arrived' OR step = 'discarded' OR step = 'paused' OR step = 'resumed'
    ),
    batch INTEGER REFERENCES batch (id),
    told TEXT NOT NULL,
    by TEXT NOT NULL
) STRICT;
CREATE INDEX happening_batch ON happening (batch) WHERE batch IS NOT NULL;
CREATE TABLE happened (
    message INTEGER NOT NULL REFERENCES message (id),
    happening INTEGER NOT NULL REFERENCES happening (id),
    PRIMARY KEY (message, happening)
) STRICT, WITHOUT ROWID;
CREATE INDEX happened_to ON happened (happening);
CREATE TABLE seen (
    connection TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (connection, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE usage (
    connection TEXT NOT NULL,
    quarter INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (connection, quarter)
) STRICT, WITHOUT ROWID;
"""
"""A tick is one transaction of a connection that is told of later: ticks order what happened
whatever the clock did, and 0 is before them all. A lost claim is one whose runner died or lost its
lease. A happening is what a batch, or a person, did to any number of messages; nothing is written
of what went well, which messages and batches tell by themselves. `seen` keeps the ids of changes
that are forgotten otherwise, `usage` the calls of each quarter of an hour."""

_TOLD = """
INSERT INTO happening (id, tick, at, connection, step, batch, told, by)
SELECT
    id, 0, settled_at, connection, state, batch, iif(code = '', reason, code || ': ' || reason), ''
FROM message WHERE failure IS NOT NULL;
INSERT INTO happened (message, happening) SELECT id, id FROM message WHERE failure IS NOT NULL;
"""

_CONNECTION_STATE = """
ALTER TABLE connection_state ADD COLUMN failing_since INTEGER;
ALTER TABLE connection_state ADD COLUMN hold TEXT CHECK (
    hold = 'pace' OR hold = 'quota' OR hold = 'breaker' OR hold = 'trial'
);
ALTER TABLE connection_state ADD COLUMN paused_by TEXT NOT NULL DEFAULT '';
ALTER TABLE connection_state ADD COLUMN paused_at INTEGER;
ALTER TABLE connection_state ADD COLUMN paused_why TEXT NOT NULL DEFAULT '';
UPDATE connection_state SET paused_why = reason WHERE paused IS NOT NULL;
UPDATE connection_state SET hold = 'pace' WHERE open_until IS NOT NULL;
"""


def second(tables: Tables) -> None:
    """Bring the first tables up to date, with whatever is under way in them."""
    tables.conn.create_function("failure_fingerprint", 2, failure_fingerprint, deterministic=True)
    for script in (_BATCH, _MESSAGE, _MOVE_MESSAGES, _INDEXES, _MEMORY, _TOLD, _CONNECTION_STATE):
        run_script(tables, script)
