"""What messages say, apart from how they stand."""

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.script import run_script

_CONTENT = """
CREATE TABLE content (
    message INTEGER PRIMARY KEY REFERENCES message (id),
    fields TEXT NOT NULL,
    edit TEXT
) STRICT;
INSERT INTO content (message, fields, edit)
SELECT id, fields, edit FROM message WHERE fields IS NOT NULL ORDER BY id;
"""
"""A message is rewritten at every step of its way; what it says is long, and stays. One that was
folded or erased says nothing any more."""

_MESSAGE = """
CREATE TABLE message_0004 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT,
    profile INTEGER NOT NULL REFERENCES profile (id),
    connection TEXT NOT NULL,
    segment TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'add' OR kind = 'update' OR kind = 'remove'),
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
    CHECK ((failure IS NULL) = (state <> 'dead' AND state <> 'parked'))
) STRICT;
"""

_MOVE_MESSAGES = """
INSERT INTO message_0004 (
    id, event, profile, connection, segment, kind, fingerprint, weight_bytes, state, head,
    attempts, due_at, batch, occurred_at, enqueued_at, settled_at, folded_into, code, reason,
    failure, first_kind, tick, superseded
)
SELECT
    id, event, profile, connection, segment, kind, fingerprint, weight_bytes, state, head,
    attempts, due_at, batch, occurred_at, enqueued_at, settled_at, folded_into, code, reason,
    failure, first_kind, tick, superseded
FROM message;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'message')
WHERE name = 'message_0004' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'message');
DROP TABLE message;
ALTER TABLE message_0004 RENAME TO message;
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


def fourth(tables: Tables) -> None:
    """Move the content of each message to a table of its own."""
    for script in (_CONTENT, _MESSAGE, _MOVE_MESSAGES, _INDEXES):
        run_script(tables, script)
