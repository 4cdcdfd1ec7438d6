"""The page about the sandbox names all there is, and its examples answer what they say."""

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import fields

import pytest
import requests

from petiole.plugins.canopydeploy.sandbox import running
from petiole.plugins.canopydeploy.sandbox.analytics.metric import Metric
from petiole.plugins.canopydeploy.sandbox.fault import Fault
from petiole.plugins.canopydeploy.sandbox.push.malformed import Malformed
from petiole.plugins.canopydeploy.sandbox.push.order import Order
from petiole.plugins.canopydeploy.sandbox.settings import Envelope, Settings
from petiole.plugins.canopydeploy.sandbox.soap import SoapSettings
from tests.plugins.canopydeploy.sandbox.desk import Desk, read
from tests.plugins.canopydeploy.sandbox.receiver import receiving
from tests.repository import ROOT

PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")

ORDER_KEYS = [each.name for each in fields(Order)]

GROUPS = {"envelope", "soap"}
"""Settings that hold settings."""


def examples() -> list[tuple[str, str]]:
    """Return each curl command of the page with the answer below it."""
    blocks = "".join(re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL))
    return re.findall(r"^\$ (curl .*)\n((?:[^$].*\n)*)", blocks, re.MULTILINE)


@pytest.mark.skipif(not shutil.which("curl"), reason="the examples are curl's")
def test_examples_answer_what_the_page_says() -> None:
    with running() as sandbox, receiving() as receiver:
        client = (sandbox.client_id, sandbox.client_secret)
        form = {"grant_type": "client_credentials"}
        given = requests.post(sandbox.oauth, data=form, auth=client, timeout=10)
        environment = {
            **os.environ,
            "REST": sandbox.rest,
            "SOAP": sandbox.soap,
            "CONTROL": sandbox.control.rstrip("/"),
            "TOKEN": sandbox.token,
            "ANALYTICS": sandbox.analytics,
            "OAUTH": sandbox.oauth,
            "CLIENT": ":".join(client),
            "ACCESS": given.json()["access_token"],
            "RECEIVER": receiver.url,
        }
        answers = [
            subprocess.run(
                ["bash", "-c", command.replace("curl", "curl --fail", 1)],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for command, _ in examples()
        ]

    assert answers
    for answer, (command, shown) in zip(answers, examples(), strict=True):
        pattern = ".*".join(re.escape(part) for part in shown.strip().split("…"))
        assert re.fullmatch(pattern, answer, re.DOTALL), (command, answer)


def test_every_fault_and_setting_is_on_the_page() -> None:
    names = [
        *Fault,
        *(each.name for each in fields(Settings) if each.name not in GROUPS),
        *(each.name for each in fields(Envelope)),
        *(f"soap.{each.name}" for each in fields(SoapSettings)),
    ]

    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_every_key_of_an_engagement_and_a_push_is_on_the_page() -> None:
    names = [
        *Malformed,
        *Metric,
        *(key for key in ORDER_KEYS if key not in {"host", "port", "path"}),
        *("url", "segment", "customers", "identifiers", "events", "share", "seed", "repeats"),
        *("machine_share", "links", "start", "span_seconds", "distinct"),
    ]

    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_every_control_is_on_the_page(desk: Desk) -> None:
    told = read(desk.ask_control("GET", "nothing"))["error"]["message"]

    controls = told.partition("there are ")[2].split(", ")
    assert len(controls) > 5
    assert [each for each in controls if not re.search(rf"`[A-Z, `]+ {each}`", PAGE)] == []


def test_connection_on_the_page_leads_to_the_twin() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)

    connection = tomllib.loads(example)["connections"]["trial"]

    with running(port=0) as sandbox:
        for name, address in (("endpoint", sandbox.rest), ("soap_url", sandbox.soap)):
            assert connection[name].partition("/app/")[2] == address.partition("/app/")[2]
