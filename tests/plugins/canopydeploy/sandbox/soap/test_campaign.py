from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.plugins.canopydeploy.sandbox.soap.caller import Argument, Caller


def options(**values: str) -> Argument:
    return {"Option": [{"name": name, "value": value} for name, value in values.items()]}


def test_list_holds_names_with_ids_as_values(caller: Caller) -> None:
    reply = caller.call("campaign_getAllExecutable")

    listed = dict(zip(reply.texts("Option/name"), reply.texts("Option/value"), strict=True))
    assert listed["Spring rebookers"] == "4711"
    assert "Monthly newsletter" not in listed


def test_run_is_recorded_with_its_options_in_order(caller: Caller) -> None:
    reply = caller.call(
        "campaign_executeAsync",
        campaignId=4711,
        options=options(status="NEW", identifier="c-1", tier="gold"),
    )

    (run,) = caller.crm.campaigns.runs()
    assert reply.value == "true"
    assert run.options == (("status", "NEW"), ("identifier", "c-1"), ("tier", "gold"))
    assert (run.started_at, run.waited) == (caller.hands.now(), False)


def test_run_needs_no_options(caller: Caller) -> None:
    reply = caller.call("campaign_executeAsync", campaignId=4711)

    assert reply.value == "true"
    assert reply.answer.note.operation == "campaign_executeAsync"
    assert caller.crm.campaigns.runs()[0].options == ()


@pytest.mark.parametrize("version", ["1.18", "1.20"])
def test_waiting_run_answers_a_boolean_at_first(version: str) -> None:
    caller = Caller(version=version)

    assert caller.call("campaign_execute", campaignId=4711, options={}).value == "true"


@pytest.mark.parametrize("version", ["1.22", "1.23", "1.24"])
def test_waiting_run_answers_options_later(version: str) -> None:
    caller = Caller(version=version)

    assert caller.call("campaign_execute", campaignId=4711, options={}).is_empty
    assert caller.crm.campaigns.runs()[0].waited


@pytest.mark.parametrize("campaign_id", [1, 4799])
def test_campaign_that_cannot_be_started_faults(caller: Caller, campaign_id: int) -> None:
    reply = caller.call("campaign_executeAsync", campaignId=campaign_id, options={})

    assert reply.fault == "213"
    assert not caller.crm.campaigns.runs()


def test_runs_of_many_threads_are_all_recorded(caller: Caller) -> None:
    def run(thread: int) -> list[str]:
        return [
            caller.call(
                "campaign_executeAsync",
                campaignId=4711,
                options=options(identifier=str(thread), place=str(place)),
            ).value
            for place in range(25)
        ]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(run, range(8)))

    assert answers == [["true"] * 25] * 8
    for thread in range(8):
        runs = [dict(run.options) for run in caller.crm.campaigns.runs()]
        own = [run["place"] for run in runs if run["identifier"] == str(thread)]
        assert own == [str(place) for place in range(25)]


def test_membership_is_kept(caller: Caller) -> None:
    member = {"campaignId": 4711, "customerId": caller.customer()}

    answers = [
        caller.call(f"campaign_{verb}Member", **member)
        for verb in ("has", "add", "has", "remove", "has", "remove")
    ]

    assert [reply.value for reply in answers] == ["false", "true", "true", "true", "false", "false"]


def test_second_membership_faults(caller: Caller) -> None:
    member = {"campaignId": 4711, "customerId": caller.customer()}
    caller.call("campaign_addMember", **member)

    reply = caller.call("campaign_addMember", **member)

    assert (reply.fault, reply.answer.note.records) == ("107", 0)
    assert "customer already member of" in reply.reason


@pytest.mark.parametrize("verb", ["add", "has", "remove"])
def test_membership_of_strangers_faults(caller: Caller, verb: str) -> None:
    customer_id = caller.customer()

    assert caller.call(f"campaign_{verb}Member", campaignId=4711, customerId=1).fault == "213"
    assert (
        caller.call(f"campaign_{verb}Member", campaignId=1, customerId=customer_id).fault == "213"
    )


def test_membership_is_noted_by_customer_id(caller: Caller) -> None:
    member = {"campaignId": 4711, "customerId": caller.customer()}

    added = caller.call("campaign_addMember", **member).answer.note.changes
    removed, again = (
        caller.call("campaign_removeMember", **member).answer.note.changes for _ in range(2)
    )

    assert (added, removed, again) == ((("88213", "NEW"),), (("88213", "REMOVED"),), ())


def test_members_come_as_a_set(caller: Caller) -> None:
    caller.call("campaign_addMember", campaignId=4711, customerId=caller.customer())

    found = caller.call("campaign_getMembers", campaignId=4711).number

    assert caller.ready(found) == 1


def test_members_are_counted(caller: Caller) -> None:
    reachable = {"emailAddress": "sanne@example.org", "mobilePhone": "06", "smsOptIn": "Y"}
    for fields in (reachable, reachable, {"emailAddress": "joris@example.org", "optIn": "N"}, {}):
        caller.call("campaign_addMember", campaignId=4711, customerId=caller.customer(**fields))

    reply = caller.call("campaignStatistics_getByCampaignId", campaignId=4711)

    assert [child.text for child in reply.msg] == ["2", "4", "2", "2", "1"]
    assert (
        caller.ready(caller.call("campaignStatistics_getCustomerSet", campaignId=4711).number) == 4
    )


def test_object_tells_who_did_what(caller: Caller) -> None:
    ids = [caller.customer(emailAddress=f"p{number}@example.org") for number in range(10)]
    caller.crm.play_mailing(ids, campaign_id=4711, content_name="Spring")

    reply = caller.call("campaignObjectStatistics_getByCampaignObjectId", campaignObjectId="47111")
    found = caller.call(
        "campaignObjectStatisticsOption_getCustomerSet",
        campaignObjectStatisiticsOptionId="47111-opens",
    ).number

    names = reply.texts("options/CampaignObjectStatisticsOption/name")
    values = reply.texts("options/CampaignObjectStatisticsOption/value")
    assert dict(zip(names, values, strict=True)) == {
        "deliveries": "10",
        "opens": "5",
        "clicks": "3",
        "bounces": "1",
        "complaints": "0",
    }
    assert caller.ready(found) == 5


@pytest.mark.parametrize("option", ["47111-naps", "1-opens", "nonsense"])
def test_unknown_number_of_an_object_faults(caller: Caller, option: str) -> None:
    reply = caller.call(
        "campaignObjectStatisticsOption_getCustomerSet", campaignObjectStatisiticsOptionId=option
    )

    assert reply.fault == "213"
