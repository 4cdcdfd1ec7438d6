"""What the plugin tells the host about its platform."""

import pytest
from pydantic import BaseModel

from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.hooks import Pace
from petiole.plugins.canopydeploy.offer import ADAPTERS

TOKEN = {"env": "CANOPYDEPLOY_TOKEN"}
ENDPOINT = "https://webhook.example.org/data-receiver/spring"


def declared(adapter: str, settings: BaseModel) -> Pace | None:
    """Ask an adapter for the pace of a connection with these settings."""
    (spec,) = (spec for spec in ADAPTERS if spec.id == adapter)
    return spec.pace(settings)


def test_batch_lane_declares_the_documented_limits() -> None:
    settings = CanopyDeployBatchSettings.model_validate({"endpoint": ENDPOINT, "token": TOKEN})

    pace = declared("canopydeploy.rest", settings)

    assert pace == Pace(calls_at_once=25, calls_per_day=50_000, day_zone="Europe/Amsterdam")


def test_settings_decide_about_the_day() -> None:
    settings = CanopyDeployBatchSettings.model_validate(
        {"endpoint": ENDPOINT, "token": TOKEN, "daily_calls": 700, "day_zone": "Asia/Tokyo"}
    )

    pace = declared("canopydeploy.rest", settings)

    assert pace == Pace(calls_at_once=25, calls_per_day=700, day_zone="Asia/Tokyo")


def test_realtime_lane_declares_no_days_count() -> None:
    settings = CanopyDeployRealtimeSettings.model_validate({"token": TOKEN})

    pace = declared("canopydeploy.soap", settings)

    assert pace == Pace(calls_at_once=25)


@pytest.mark.parametrize("adapter", ["canopydeploy.campaigns", "canopydeploy.diagnosis"])
def test_other_adapters_declare_nothing(adapter: str) -> None:
    settings = CanopyDeployRealtimeSettings.model_validate({"token": TOKEN})

    assert declared(adapter, settings) is None
