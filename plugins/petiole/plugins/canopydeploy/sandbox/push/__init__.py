"""The store app's push: every event of a mail goes to the receiver of interactions.

    {"url": "http://127.0.0.1:8090", "site": 1404, "username": "app", "password": "…",
     "partner_number": 1012, "mailings": [9001], "per_call": 1, "connections": 4, "rate": 0,
     "seed": 0, "duplicates": 0.05, "late": 0.02, "out_of_order": 20, "malformed": 0.01,
     "tries": 3, "retry_seconds": 0.2, "timeout_seconds": 10}

Only the first five must be there. Calls go in the order of events, one connection or several, as
fast as they are answered or `rate` a second. By `seed`, a share of them is sent twice, a share
after all others, each may change places with `out_of_order` neighbours, and a share comes on top
that is malformed in one way or another.

Documented by the vendor: HTTP Basic, keep-alive, the content type, and that 400, 401 and 403 are
not for trying again. Seen in a public client: the address and the body. Assumed: the names of the
types, milliseconds, and tries; the platform's own three are spread over 15 minutes.
"""

from petiole.plugins.canopydeploy.sandbox.push.order import read_order
from petiole.plugins.canopydeploy.sandbox.push.sender import Sender

__all__ = ["Sender", "read_order"]
