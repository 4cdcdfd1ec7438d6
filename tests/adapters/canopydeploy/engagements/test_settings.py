"""What a connection may be told about engagements, and what is refused."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from pydantic import ValidationError

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.core.domain.engagement import EngagementKind
from tests.adapters.canopydeploy.engagements.made import ANALYTICS, PUSH
from tests.adapters.canopydeploy.made import TOKEN_VARIABLE


def settings(**tables: object) -> AccountSettings:
    return AccountSettings.model_validate({"token": {"env": TOKEN_VARIABLE}, **tables})


def test_without_tables_there_is_neither_push_nor_analytics() -> None:
    made = settings()

    assert (made.push, made.analytics) == (None, None)
    assert made.mailings.look_back == timedelta(days=3)
    assert made.mailings.zone == "Europe/Amsterdam"


@pytest.mark.parametrize(
    "model", [AccountSettings, CanopyDeployBatchSettings, CanopyDeployRealtimeSettings]
)
def test_every_lane_takes_them(model: type[AccountSettings]) -> None:
    assert {"push", "mailings", "analytics"} <= set(model.model_fields)


def test_names_of_the_five_kinds_are_those_that_are_documented() -> None:
    push, analytics = settings(push=PUSH).push, settings(analytics=ANALYTICS).analytics
    assert push is not None
    assert analytics is not None

    assert push.types.kinds()["Email Receive"] is EngagementKind.RECEIVE
    assert analytics.metrics.kinds()["sends"] is EngagementKind.RECEIVE
    assert list(push.types.kinds().values()) == list(EngagementKind)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"push": {**PUSH, "sight": 1}}, "sight"),
        ({"push": {**PUSH, "site": -1}}, "push.site"),
        ({"push": {**PUSH, "username": "a:b"}}, "colon"),
        ({"push": {**PUSH, "username": "a\nb"}}, "invisible"),
        ({"push": {**PUSH, "username": ""}}, "push.username"),
        ({"push": {**PUSH, "types": {"open": "Email Click"}}}, "the same name"),
        ({"push": {**PUSH, "password": "plain"}}, "by reference only"),
        ({"mailings": {"zone": "Mars/Olympus"}}, "unknown time zone"),
        ({"mailings": {"identity": "phone"}}, "mailings.identity"),
        ({"mailings": {"look_back": "-1d"}}, "mailings.look_back"),
        ({"mailings": {"patience": "0s"}}, "mailings.patience"),
        ({"analytics": {**ANALYTICS, "identity": "option:hash"}}, "events tell no options"),
        ({"analytics": {**ANALYTICS, "metrics": {"open": "clicks"}}}, "the same name"),
        ({"analytics": {**ANALYTICS, "page_size": 0}}, "analytics.page_size"),
        ({"analytics": {**ANALYTICS, "events_url": "http://x.example.org/"}}, "use https"),
        ({"analytics": {"client_id": "a"}}, "client_secret"),
    ],
)
def test_what_makes_no_sense_is_refused(tables: Mapping[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**tables)
