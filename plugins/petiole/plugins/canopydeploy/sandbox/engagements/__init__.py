"""Engagements on demand: a made-up mailing goes to customers, and they act on it.

    {"identifiers": ["11000", "11001"], "campaign": 4711, "content": "Spring mail",
     "events": [["open", "click"], ["bounce"]]}

    {"segment": "4711", "campaign": 4711, "content": "Spring mail", "seed": 7,
     "share": {"receive": 0.97, "open": 0.4, "click": 0.1, "bounce": 0.02, "soft-bounce": 0.01,
               "complaint": 0.001},
     "repeats": 2, "machine_share": 0.05,
     "links": [{"url": "https://www.example.org/lisbon", "description": "Hero button"}],
     "start": "2026-03-02T08:20:41Z", "span_seconds": 86400, "distinct": true}

The mail goes to `identifiers` of profiles, to `customers` by number, or to all who are in a
`segment` now. What they do is one list of `events` for all, a list for each, or a `share` of them
by `seed`; without both their places decide. `share` counts recipients exactly, rounded: those who
receive are what bounces leave unless it is told, and those who open and click are among them.
`repeats` is how often an open or a click may happen again, `machine_share` the share of receivers
whose mail a scanner opens and clicks first. Times lie in the span from `start`, which is now, and
no two like events share a second unless `distinct` is false.
"""

from petiole.plugins.canopydeploy.sandbox.engagements.play import engage
from petiole.plugins.canopydeploy.sandbox.engagements.request import read_engagement

__all__ = ["engage", "read_engagement"]
