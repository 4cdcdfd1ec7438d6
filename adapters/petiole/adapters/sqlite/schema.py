"""The tables, as numbered migrations: whoever opens the file brings it up to date first.

Moments are whole microseconds since 1970, UTC. A migration that was released is never changed; the
next one is appended.

Constraints spell out `a = 1 OR a = 2` where `a IN (1, 2)` would do: for a list of three or more
SQLite builds a table at every row, which doubled the time of an insert.
"""

from sqlite_utils import Migrations

from petiole.adapters.sqlite.migration_0001 import first
from petiole.adapters.sqlite.migration_0002 import second
from petiole.adapters.sqlite.migration_0003 import third
from petiole.adapters.sqlite.migration_0004 import fourth
from petiole.adapters.sqlite.migration_0005 import fifth
from petiole.adapters.sqlite.migration_0006 import sixth

STEPS = {
    "0001": first,
    "0002": second,
    "0003": third,
    "0004": fourth,
    "0005": fifth,
    "0006": sixth,
}
MIGRATIONS = Migrations("petiole")
for name, step in STEPS.items():
    MIGRATIONS(name=name)(step)
