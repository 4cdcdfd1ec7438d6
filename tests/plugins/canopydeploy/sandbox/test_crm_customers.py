import threading

import pytest

from petiole.plugins.canopydeploy.sandbox.crm import (
    FIRST_CUSTOMER_ID,
    Account,
    Crm,
    Draft,
    InvalidValue,
    NotFound,
)


@pytest.fixture
def crm() -> Crm:
    return Crm()


def identified(crm: Crm, **option: str) -> int:
    """Find or make the customer with this option."""
    ((key, value),) = option.items()
    (customer,) = crm.customers.identify(key=key, values=[value])
    return customer


def test_fresh_customer_has_the_defaults(crm: Crm) -> None:
    row = crm.customers.insert(Draft())

    assert (row.text("gender"), row.text("birthday"), row.text("optIn")) == (
        "UNKNOWN",
        "0000-00-00",
        "Y",
    )


def test_insertion_never_deduplicates(crm: Crm) -> None:
    draft = Draft(fields={"emailAddress": "sanne@example.org"})

    first, second = crm.customers.insert(draft), crm.customers.insert(draft)

    assert [row.id for row in crm.customers.alike({"emailAddress": "sanne@example.org"})] == [
        first.id,
        second.id,
    ]


def test_update_keeps_what_the_draft_does_not_name(crm: Crm) -> None:
    row = crm.customers.insert(Draft(fields={"firstname": "Sanne"}, options={"tier": "gold"}))

    changed = crm.customers.update(
        Draft(id=row.id, fields={"lastname": "de Vries"}, options={"size": "M"})
    )

    assert changed.fields == {"firstname": "Sanne", "lastname": "de Vries"}
    assert changed.options == {"tier": "gold", "size": "M"}


def test_refused_update_changes_nothing(crm: Crm) -> None:
    row = crm.customers.insert(Draft(fields={"firstname": "Sanne"}))

    with pytest.raises(InvalidValue, match="gender"):
        crm.customers.update(Draft(id=row.id, fields={"firstname": "Joris", "gender": "M"}))

    assert crm.customers.get(row.id) == row


def test_birthday_must_be_a_date(crm: Crm) -> None:
    with pytest.raises(InvalidValue, match="1 May"):
        crm.customers.insert(Draft(fields={"birthday": "1 May"}))


def test_long_texts_are_cut(crm: Crm) -> None:
    row = crm.customers.insert(Draft(fields={"suffix": "s" * 20}, options={"note": "n" * 300}))

    assert (len(row.fields["suffix"]), len(row.options["note"])) == (16, 256)


def test_read_only_fields_are_passed_over(crm: Crm) -> None:
    row = crm.customers.insert(Draft(id=7, fields={"createdBy": "me", "nonsense": "x"}))

    assert (row.id, row.created_by, row.fields) == (FIRST_CUSTOMER_ID, "SOAP user (ext)", {})


def test_changed_address_is_found_and_the_old_one_is_not(crm: Crm) -> None:
    row = crm.customers.insert(Draft(fields={"emailAddress": "old@example.org"}))

    crm.customers.update(Draft(id=row.id, fields={"emailAddress": "new@example.org"}))

    assert not crm.customers.alike({"emailAddress": "old@example.org"})
    assert len(crm.customers.alike({"emailAddress": "new@example.org"})) == 1


def test_all_the_values_must_be_alike(crm: Crm) -> None:
    both = {"emailAddress": "x@example.org", "firstname": "Sanne"}
    row = crm.customers.insert(Draft(fields=both))
    crm.customers.insert(Draft(fields={**both, "firstname": "Joris"}))

    found = crm.customers.alike(both)

    assert [each.id for each in found] == [row.id]


def test_accounts_are_kept_one_per_network(crm: Crm) -> None:
    row = crm.customers.insert(Draft(accounts=(Account(network="a", account_id="1"),)))

    changed = crm.customers.update(
        Draft(id=row.id, accounts=(Account(network="a", account_id="2"),))
    )

    assert changed.accounts == (Account(network="a", account_id="2"),)


def test_deleted_customer_is_gone_from_groups_and_campaigns(crm: Crm) -> None:
    row = crm.customers.insert(Draft(fields={"externalId": "e-1"}))
    crm.groups.join(60, row.id)
    crm.campaigns.join(4711, row.id)

    assert crm.delete_customer(row.id)

    assert not crm.customers.alike({"externalId": "e-1"})
    assert not crm.groups.members(60)
    assert not crm.campaigns.members(4711)
    assert not crm.delete_customer(row.id)


def test_unknown_customer_is_not_found(crm: Crm) -> None:
    with pytest.raises(NotFound, match="Customer not found"):
        crm.customers.get(1)


def test_identity_is_made_once(crm: Crm) -> None:
    first = identified(crm, customerKey="c-1")

    assert identified(crm, customerKey="c-1") == first
    assert identified(crm, customerKey="c-2") != first
    assert identified(crm, otherKey="c-1") != first
    assert crm.customers.get(first).options == {"customerKey": "c-1"}


def test_threads_agree_on_one_identity(crm: Crm) -> None:
    found: list[int] = []
    gate = threading.Barrier(8)

    def identify() -> None:
        gate.wait()
        found.extend(crm.customers.identify(key="k", values=map(str, range(50))))

    threads = [threading.Thread(target=identify) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 400
    assert len(set(found)) == 50


def test_identities_come_in_the_order_of_the_values(crm: Crm) -> None:
    first, second = (identified(crm, k=value) for value in ("a", "b"))

    assert crm.customers.identify(key="k", values=["b", "c", "a", "c"]) == [
        second,
        second + 1,
        first,
        second + 1,
    ]


def test_oldest_of_several_with_the_same_option_is_the_one(crm: Crm) -> None:
    ids = [crm.customers.insert(Draft(options={"k": "v"})).id for _ in range(3)]
    crm.customers.update(Draft(id=ids[0], fields={"city": "Delft"}))

    assert identified(crm, k="v") == ids[0]


def test_overlong_identity_is_made_once(crm: Crm) -> None:
    first = identified(crm, k="v" * 300)

    assert identified(crm, k="v" * 300) == first


def test_option_keeps_as_much_as_the_limit_of_the_moment_says() -> None:
    limits = iter((2, 4))
    crm = Crm(option_limit=lambda: next(limits))

    kept = [crm.customers.insert(Draft(options={"k": "value"})).options["k"] for _ in range(2)]

    assert kept == ["va", "valu"]
