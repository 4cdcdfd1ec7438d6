import pytest

from petiole.plugins.canopydeploy.sandbox.customers import IMAGE, MOUNT, NAMES
from tests.plugins.canopydeploy.sandbox.desk import TOKEN, Desk, Json, read, record

# As the vendor's creation example lists them.
DOCUMENTED = """
    address address2 address3 addressnumber addressnumbersuffix alt_address alt_address2
    alt_address3 alt_addressnumber alt_addressnumbersuffix alt_city alt_country alt_emailaddress
    alt_state alt_zipcode birthday birthplace city companyname contactman country department
    emailaddress externalid faxnumber firstname gender homephone imageurl initials jobtitle
    lastname maritalstatus middlename mobilephone optin password pobox prefix smsoptin state
    status suffix title username website workextension workmobile workphone zipcode
""".split()  # noqa: SIM905 - fifty names read better as a paragraph


def create(desk: Desk, **content: object) -> Json:
    answer = desk.call("POST", MOUNT, content)
    assert answer.status == 201, answer
    return read(answer)


def search(desk: Desk, **query: str) -> list[int]:
    found = read(desk.call("GET", MOUNT, query=query))
    return [customer["id"] for customer in found]


def test_fields_have_the_documented_names() -> None:
    assert sorted([*NAMES, IMAGE]) == sorted(DOCUMENTED)


def test_created_customer_is_answered_with_its_id_and_every_field(desk: Desk) -> None:
    customer = create(
        desk, firstname="Sanne", lastname="de Vries", emailaddress="sanne.devries@example.org"
    )

    assert customer["id"] == 88213
    assert (customer["firstname"], customer["lastname"]) == ("Sanne", "de Vries")
    assert (customer["gender"], customer["optin"], customer["pobox"]) == ("UNKNOWN", "Y", "0")
    assert customer["birthday"] is None
    assert set(customer) == {"id", "options", *DOCUMENTED}


def test_customer_is_read_updated_and_deleted(desk: Desk) -> None:
    path = f"{MOUNT}/{create(desk, firstname='Joris', city='Delft')['id']}"

    updated = read(desk.call("PUT", path, {"city": "Leiden", "birthday": "1990-05-01"}))
    again = read(desk.call("GET", path))
    deleted = desk.call("DELETE", path)

    assert updated == again
    assert (again["firstname"], again["city"], again["birthday"]) == (
        "Joris",
        "Leiden",
        "1990-05-01",
    )
    assert (deleted.status, desk.call("GET", path).status) == (200, 404)


def test_null_empties_the_birthday(desk: Desk) -> None:
    path = f"{MOUNT}/{create(desk, birthday='1990-05-01')['id']}"

    assert read(desk.call("PUT", path, {"birthday": None}))["birthday"] is None


def test_options_are_merged_by_name(desk: Desk) -> None:
    path = f"{MOUNT}/{create(desk, options={'tier': 'gold', 'store': 'Delft'})['id']}"

    customer = read(desk.call("PUT", path, {"options": {"tier": "silver"}}))

    assert customer["options"] == {"tier": "silver", "store": "Delft"}


def test_customer_of_the_webhook_is_the_same_customer(desk: Desk) -> None:
    desk.post(record("11000"))

    customer = read(desk.call("GET", f"{MOUNT}/88213"))

    assert customer["options"] == {"identifier": "11000"}


def test_search_finds_all_who_match_every_criterion(desk: Desk) -> None:
    for external in ("A1", "A1", "A2"):
        create(desk, emailaddress="joris.bakker@example.org", externalid=external)

    assert search(desk, externalid="A1") == [88213, 88214]
    assert search(desk, externalid="A2", emailaddress="joris.bakker@example.org") == [88215]
    assert search(desk, emailaddress="nobody@example.org") == []
    assert search(desk, limit="1", offset="2") == [88215]


def test_what_the_platform_sets_itself_is_ignored(desk: Desk) -> None:
    customer = create(desk, id=7, imageurl="https://www.example.org/me.png")

    assert (customer["id"], customer["imageurl"]) == (88213, "")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"firstName": "Sanne"}, "there is no field firstName"),
        ({"firstname": 7}, "firstname is not a string"),
        ({"options": []}, "options is not a JSON object"),
        ({"options": {"tier": 1}}, "option tier is not a string"),
        ({"gender": "F"}, "gender"),
        ({"birthday": "1 May 1990"}, "birthday"),
    ],
)
def test_customer_that_cannot_be_is_answered_400(
    desk: Desk, content: object, complaint: str
) -> None:
    answer = desk.call("POST", MOUNT, content)

    assert answer.status == 400
    assert complaint in answer.headers["X-Deployteq-API-Error"]
    assert search(desk) == []


@pytest.mark.parametrize("identity", ["1", "abc", "clang_88213", "9" * 30, "٣"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_customer_is_answered_404(desk: Desk, method: str, identity: str) -> None:
    answer = desk.call(method, f"{MOUNT}/{identity}", {})

    assert answer.status == 404


def test_other_methods_are_answered_405(desk: Desk) -> None:
    answers = [desk.call("DELETE", MOUNT), desk.call("POST", f"{MOUNT}/1", {})]

    assert [(each.status, each.headers["Allow"]) for each in answers] == [
        (405, "GET, POST"),
        (405, "GET, PUT, DELETE"),
    ]


def test_token_is_asked_for(desk: Desk) -> None:
    refused = desk.call("POST", MOUNT, {}, headers={})
    admitted = desk.call("POST", MOUNT, {}, headers={}, query={"token": TOKEN})

    assert (refused.status, admitted.status) == (401, 201)
