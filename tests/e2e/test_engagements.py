"""The loop is closed: what recipients did comes back by push, is stored, joined and summed up."""

import json

from tests.e2e.project import Project
from tests.e2e.receiver import engage, exported, prepare, push, pushed, serving

SHARES = {"open": 0.5, "click": 0.2, "bounce": 0.1, "complaint": 0.1}


def test_pushed_engagements_are_stored_joined_and_summed_up(project: Project) -> None:
    prepare(project, people=20)
    engage(project, share=SHARES, seed=3)

    with serving(project) as (_, url):
        push(project, url)
        told = pushed(project)
    rows = exported(project)
    (summary,) = json.loads(project.run("engagements", "summary", "--json").stdout)

    assert told["answered"] == {"200": told["calls"]}
    assert len(rows) == told["events"]["sent"]["count"]
    assert {row["segment"] for row in rows} == {"4711"}
    assert (summary["accepted"], summary["received"], summary["opened"]) == (20, 18, 10)
    assert (summary["bounced"], summary["complained"], summary["unmatched"]) == (2, 2, 0)
