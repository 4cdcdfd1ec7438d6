"""Batches of which what all messages share is written once."""

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.script import run_script

_SHEAF = """
CREATE TABLE sheaf (
    batch INTEGER PRIMARY KEY REFERENCES batch (id),
    connection TEXT NOT NULL,
    segment TEXT NOT NULL,
    first_message INTEGER NOT NULL,
    last_message INTEGER NOT NULL CHECK (last_message >= first_message),
    first_profile INTEGER NOT NULL REFERENCES profile (id),
    fingerprints BLOB NOT NULL,
    occurred_at INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    tick INTEGER NOT NULL
) STRICT;
"""
"""Messages follow each other by number, and so do their profiles. What each says is where what all
messages say is; it has no row of its own in `message` until it is settled, or looked at."""


def sixth(tables: Tables) -> None:
    """Add the table."""
    run_script(tables, _SHEAF)
