"""Keys of profiles, apart from whose they are."""

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.script import run_script

_PROFILE = """
CREATE TABLE profile_key (
    key TEXT PRIMARY KEY,
    profile INTEGER NOT NULL REFERENCES profile (id)
) STRICT, WITHOUT ROWID;
INSERT INTO profile_key (key, profile) SELECT key, id FROM profile ORDER BY key;
CREATE TABLE profile_0005 (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    identifier_type TEXT NOT NULL CHECK (
        identifier_type = 'customer-id' OR identifier_type = 'hashed-email'
    ),
    identifier TEXT NOT NULL
) STRICT;
INSERT INTO profile_0005 (id, account, identifier_type, identifier)
SELECT id, account, identifier_type, identifier FROM profile ORDER BY id;
DROP TABLE profile;
ALTER TABLE profile_0005 RENAME TO profile;
"""
"""Profiles are put in by number, keys by key: both page after page, if there are many at a time."""


def fifth(tables: Tables) -> None:
    """Move the key of each profile to a table of its own."""
    run_script(tables, _PROFILE)
