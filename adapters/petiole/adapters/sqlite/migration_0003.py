"""What comes back: engagements, those that could not be read, how far readers came."""

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.script import run_script

_ENGAGEMENT = """
CREATE TABLE engagement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    origin TEXT NOT NULL,
    event TEXT,
    likeness TEXT NOT NULL,
    profile INTEGER NOT NULL REFERENCES profile (id),
    kind TEXT NOT NULL CHECK (
        kind = 'receive' OR kind = 'open' OR kind = 'click' OR kind = 'bounce' OR kind = 'complaint'
    ),
    campaign TEXT NOT NULL,
    brand TEXT NOT NULL,
    mailing_type TEXT NOT NULL,
    content TEXT NOT NULL,
    link_href TEXT NOT NULL,
    link_description TEXT NOT NULL,
    bounce TEXT CHECK (bounce = 'hard' OR bounce = 'soft'),
    by_machine INTEGER CHECK (by_machine = 0 OR by_machine = 1),
    occurred_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    message INTEGER,
    segment TEXT,
    batch INTEGER,
    delivered_at INTEGER,
    CHECK ((message IS NULL) = (segment IS NULL)),
    CHECK ((message IS NULL) = (delivered_at IS NULL)),
    CHECK (bounce IS NULL OR kind = 'bounce')
) STRICT;
"""
"""The cause is copied: a delivered message is forgotten sooner than what it led to."""

_OTHERS = """
CREATE TABLE refused_engagement (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    origin TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE TABLE checkpoint (
    connection TEXT NOT NULL,
    reader TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (connection, reader)
) STRICT, WITHOUT ROWID;
CREATE TABLE segment_use (
    connection TEXT NOT NULL,
    segment TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    engaged INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, segment)
) STRICT, WITHOUT ROWID;
INSERT INTO segment_use (connection, segment, accepted, first_at, last_at)
SELECT connection, segment, count(*), min(settled_at), max(settled_at) FROM message
WHERE state = 'delivered' AND kind <> 'remove' GROUP BY connection, segment;
"""

_INDEXES = """
CREATE UNIQUE INDEX engagement_event ON engagement (connection, origin, event)
    WHERE event IS NOT NULL;
CREATE INDEX engagement_likeness ON engagement (likeness);
CREATE INDEX engagement_campaign ON engagement (connection, campaign, kind, profile);
-- Whom a sync leaves out.
CREATE INDEX engagement_suppressing ON engagement (profile, kind)
    WHERE kind = 'complaint' OR kind = 'bounce';
-- Those whose cause may yet be settled.
CREATE INDEX engagement_causeless ON engagement (occurred_at) WHERE message IS NULL;
"""


def third(tables: Tables) -> None:
    """Add the tables, and count what was accepted before."""
    for script in (_ENGAGEMENT, _OTHERS, _INDEXES):
        run_script(tables, script)
