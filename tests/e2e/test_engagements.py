"""The loop is closed: what recipients did comes back by push, is stored, joined and summed up."""

import hashlib
import json
import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok

from tests.e2e.project import Project, write_csv
from tests.e2e.receiver import (
    PASSWORD,
    engage,
    exported,
    free_port,
    prepare,
    progress,
    push,
    pushed,
    serving,
)

PEOPLE = int(os.environ.get("PETIOLE_TEST_PEOPLE", "2000"))
"""Each has 1.7 engagements: 59000 people make 100,000."""
RATE = 2_000
SHARES = {"open": 0.5, "click": 0.2, "bounce": 0.1, "complaint": 0.1}


def test_pushed_engagements_are_stored_joined_and_summed_up(project: Project) -> None:
    prepare(project, people=20)
    engage(project, share=SHARES, seed=3)

    with serving(project) as (_, url):
        push(project, url)
        told = pushed(project)
    rows = exported(project)
    (summary,) = json.loads(project.run("engagements", "summary", "--json").stdout)

    assert told.answered == {"200": told.calls}
    assert len(rows) == told.events.sent.count
    assert {row["segment"] for row in rows} == {"4711"}
    assert (summary["accepted"], summary["received"], summary["opened"]) == (20, 18, 10)
    assert (summary["bounced"], summary["complained"], summary["unmatched"]) == (2, 2, 0)


def test_complaint_keeps_a_profile_out_of_the_next_sync(project: Project) -> None:
    prepare(project, people=3, more='suppress = ["complaint", "bounce"]\n')
    events = {"c-0": ["complaint"], "c-1": ["bounce"], "c-2": ["open"]}
    for person, happened in events.items():
        engage(project, segment=None, identifiers=[person], events=happened)
    with serving(project) as (_, url):
        push(project, url)
        pushed(project)
    path = write_csv(
        project.folder / "next.csv", ["id", "city"], ([person, "Gent"] for person in events)
    )

    planned = project.sync(path, "--dry-run")
    done = project.sync(path)

    assert "2 suppressed" in planned.stdout
    assert done.returncode == 0, done.stderr
    cities = {who: fields["city"] for who, fields in project.ledger().profiles.items()}
    assert cities == {"c-0": "Delft", "c-1": "Delft", "c-2": "Gent"}


@pytest.mark.timeout(1_200)
def test_host_that_is_killed_thrice_keeps_each_pushed_engagement_once(project: Project) -> None:
    prepare(project, people=PEOPLE)
    engage(project, share={"open": 0.5, "click": 0.2}, seed=5)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    order = {
        "duplicates": 0.05,
        "malformed": 0.01,
        "out_of_order": 100,
        "tries": 200,
        "retry_seconds": 0.1,
        "rate": RATE,
    }

    for round_ in range(3):
        with serving(project, "--port", str(port)) as (host, _):
            if round_ == 0:
                push(project, url, **order)
            enough = progress(project).sent + PEOPLE // 4
            project.wait_for(lambda: progress(project).sent > enough)  # noqa: B023 - called at once
            host.kill()
            host.communicate()
    with serving(project, "--port", str(port)):
        told = pushed(project, seconds=600)

    rows = exported(project)
    refused = json.loads(
        project.run("engagements", "refused", "--json", "--limit", "1000000").stdout
    )
    events = sorted(str(row["event"]) for row in rows)
    digest = hashlib.sha256("\n".join(events).encode()).hexdigest()
    assert told.events.given_up == 0
    assert (told.events.sent.count, told.events.sent.digest) == (len(events), digest)
    assert len(refused) >= sum(told.malformed.values())
    assert all(one["reason"] for one in refused)


def test_nothing_that_is_thrown_at_the_receiver_makes_it_fail(project: Project) -> None:
    prepare(project, people=1)
    with serving(project) as (_, url):
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
        statuses = set()

        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found

            @given(case=found.ok().as_strategy())
            @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
            def thrown(
                case: schemathesis.Case[Any],
            ) -> None:
                for auth in (None, ("app", PASSWORD)):
                    answer = case.call(auth=auth)
                    statuses.add(answer.status_code)
                    assert answer.status_code < 500, answer.text

            thrown()

    assert {200, 400, 401} <= statuses


@pytest.mark.parametrize("source", ["mailings", "analytics"])
def test_pull_brings_what_a_push_would_and_nothing_twice(project: Project, source: str) -> None:
    sandbox = project.sandbox
    (project.folder / "client-secret.txt").write_text(sandbox.client_secret, encoding="utf-8")
    analytics = (
        f'analytics = {{ client_id = "{sandbox.client_id}", '
        f'client_secret = {{ file = "client-secret.txt" }}, events_url = "{sandbox.analytics}", '
        f'token_url = "{sandbox.oauth}" }}\n'
    )
    quick = 'mailings = { look_back = "0s" }\n'
    more = f'soap_url = "{sandbox.soap}"\n{quick}{analytics}'
    prepare(project, people=20, more=more)
    engaged = engage(project, share={"open": 0.5, "click": 0.2}, seed=3)
    pull = ("engagements", "pull", "newsletter", "--from", source, "--since", "1h", "--json")

    first = project.run(*pull)
    again = project.run(*pull)

    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert json.loads(first.stdout)["stored"] == len(exported(project)) == engaged.events
    assert json.loads(again.stdout)["stored"] == 0


def test_moment_that_is_yet_to_come_is_no_beginning(project: Project) -> None:
    for command in ("list", "summary"):
        done = project.run("engagements", command, "--since", "2999-01-01")

        assert (done.returncode, "yet to come" in done.stderr) == (2, True)


def test_running_host_pulls_on_its_schedule(project: Project) -> None:
    pull = 'pull = { from = "mailings", every = "1s", since = "1h" }\n'
    prepare(project, people=10, more=f'soap_url = "{project.sandbox.soap}"\n{pull}')

    with project.start("run") as host:
        engage(project, share={}, seed=3)
        project.wait_for(lambda: len(exported(project)) == 10)
        host.terminate()
        _, complained = host.communicate(timeout=30)

    assert host.returncode == 0
    assert complained == ""


def test_trouble_of_a_pull_is_told_and_deliveries_go_on(project: Project) -> None:
    more = 'soap_url = "http://127.0.0.1:9/soap"\npull = { from = "mailings" }\n'
    prepare(project, people=1, more=more + 'batch = { max_age = "0s" }\n')
    path = write_csv(project.folder / "next.csv", ["id", "city"], [["late", "Gent"]])

    with project.start("run") as host:
        assert project.sync(path, "--queue-only").returncode in {0, 3}
        project.wait_for(lambda: "late" in project.ledger().profiles)
        host.terminate()
        _, complained = host.communicate(timeout=30)

    assert "pulling engagements of 'newsletter'" in complained
    assert host.returncode == 0
