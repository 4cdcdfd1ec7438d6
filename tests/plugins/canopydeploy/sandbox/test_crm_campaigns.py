import pytest

from petiole.plugins.canopydeploy.sandbox.crm import (
    Campaign,
    Conflict,
    Crm,
    InvalidValue,
    NotFound,
    Options,
)


def test_executable_campaigns_are_listed_and_others_are_not() -> None:
    names = [row.name for row in Crm().campaigns.executable()]

    assert "Spring rebookers" in names
    assert "Monthly newsletter" not in names


def test_run_keeps_the_options_in_order() -> None:
    crm = Crm()
    options = (("b", "1"), ("a", "2"), ("b", "3"))

    run = crm.campaigns.run(4711, options, waited=True)

    assert crm.campaigns.runs() == (run,)
    assert run.options == options
    assert run.waited


def test_listener_hears_of_every_run() -> None:
    heard: list[tuple[int, Options]] = []
    crm = Crm(on_run=lambda campaign_id, options: heard.append((campaign_id, options)))

    crm.campaigns.run(4711, (("identifier", "c-1"),), waited=False)

    assert heard == [(4711, (("identifier", "c-1"),))]


def test_run_that_the_listener_refuses_never_was() -> None:
    def refuse(campaign_id: int, options: Options) -> None:
        raise InvalidValue("no")

    crm = Crm(on_run=refuse)

    with pytest.raises(InvalidValue):
        crm.campaigns.run(4711, (), waited=False)

    assert not crm.campaigns.runs()


def test_long_options_are_cut() -> None:
    run = Crm().campaigns.run(4711, (("note", "n" * 300),), waited=False)

    assert len(run.options[0][1]) == 256


@pytest.mark.parametrize("campaign_id", [None, 1, 4799], ids=["none", "unknown", "by hand"])
def test_campaign_that_cannot_be_started_is_not_found(campaign_id: int | None) -> None:
    with pytest.raises(NotFound):
        Crm().campaigns.run(campaign_id, (), waited=False)


def test_membership_begins_once_and_ends_once() -> None:
    campaigns = Crm().campaigns

    campaigns.join(4711, 1)

    assert campaigns.has(4711, 1)
    with pytest.raises(Conflict):
        campaigns.join(4711, 1)
    assert campaigns.leave(4711, 1)
    assert not campaigns.leave(4711, 1)


def test_added_campaign_can_be_started() -> None:
    crm = Crm()

    crm.campaigns.add(Campaign(id=5000, name="Autumn"))

    assert crm.campaigns.run(5000, (), waited=False).campaign_id == 5000
