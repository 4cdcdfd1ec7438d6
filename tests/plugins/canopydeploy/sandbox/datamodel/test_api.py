import re

import pytest

from petiole.plugins.canopydeploy.sandbox.crm import Draft
from petiole.plugins.canopydeploy.sandbox.exchange import Answer
from tests.plugins.canopydeploy.sandbox.desk import TOKEN, Desk, Json, read

SHORT = "/dataextension"
LONG = "/app/api/rest/public/v2/dataextension"


def insert(desk: Desk, path: str, content: object) -> str:
    """Insert a record and return the path of it, as the header tells."""
    answer = desk.call("POST", path, content)
    assert answer.status == 201, answer
    return answer.headers["X-Resource"].removeprefix("http://x:1").removesuffix("?format=json")


def fetch(desk: Desk, path: str, **query: str) -> Json:
    answer = desk.call("GET", path, query=query)
    assert answer.status == 200, answer
    return read(answer)


def customer(desk: Desk) -> str:
    identity = desk.platform.state.crm.customers.insert(Draft()).id
    return f"{SHORT}/customer/clang_{identity}"


def complaint(answer: Answer) -> str:
    return answer.headers["X-Deployteq-API-Error"]


@pytest.mark.parametrize("mount", [SHORT, LONG])
def test_inserted_record_is_found_where_the_header_says(desk: Desk, mount: str) -> None:
    path = insert(desk, f"{mount}/plan", {"name": "Studio-25"})

    found = fetch(desk, path, format="json")

    assert path.startswith(f"{mount}/plan/clang_")
    assert found == {
        "name": "Studio-25",
        "clang_id": path.rpartition("/")[2],
        "clang_createdat": found["clang_createdat"],
        "clang_createdby": "Connector user",
        "clang_modifiedat": found["clang_createdat"],
        "clang_modifiedby": "Connector user",
    }


def test_ids_have_the_documented_layout_and_never_repeat(desk: Desk) -> None:
    ids = [insert(desk, f"{SHORT}/plan", {}).rpartition("/")[2] for _ in range(50)]

    assert len(set(ids)) == 50
    assert all(re.fullmatch(r"clang_[0-9a-f]{13}", each) for each in ids)


def test_insertion_answers_without_a_body_and_without_the_token(desk: Desk) -> None:
    answer = desk.call("POST", f"{SHORT}/plan", {}, headers={}, query={"token": TOKEN})

    assert answer.body == b""
    assert TOKEN not in answer.headers["X-Resource"]


def test_columns_not_given_are_empty(desk: Desk) -> None:
    path = insert(desk, f"{customer(desk)}/subscription", {"seats": 4})

    found = fetch(desk, path)

    assert (found["seats"], found["plancode"], found["active"]) == (4, None, None)


def test_worked_example_of_the_specification_holds(desk: Desk) -> None:
    sent = {"plancode": "Studio-25", "seats": 4, "active": "yes", "startdate": "March 2, 2026"}
    path = insert(desk, f"{customer(desk)}/subscription", sent)

    found = fetch(desk, path)

    assert {name: found[name] for name in sent} == {
        "plancode": "Studio-25",
        "seats": 4,
        "active": True,
        "startdate": "2026-03-02",
    }


def test_update_changes_the_given_columns_only(desk: Desk) -> None:
    path = insert(desk, f"{customer(desk)}/subscription", {"seats": 4, "active": "yes"})

    answer = desk.call("PUT", path, {"seats": 5})

    found = fetch(desk, path)
    assert (answer.status, answer.body) == (200, b"")
    assert (found["seats"], found["active"]) == (5, True)


def test_fields_of_the_platform_cannot_be_written(desk: Desk) -> None:
    path = insert(desk, f"{SHORT}/plan", {"clang_id": "clang_mine", "clang_createdby": "me"})
    desk.call("PUT", path, {"clang_id": "clang_mine"})

    found = fetch(desk, path)

    assert found["clang_id"] == path.rpartition("/")[2]
    assert found["clang_createdby"] == "Connector user"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_violation_names_the_column(desk: Desk, method: str) -> None:
    collection = f"{customer(desk)}/subscription"
    path = collection if method == "POST" else insert(desk, collection, {"seats": 1})

    wrong = desk.call(method, path, {"active": "no", "seats": "four"})
    unknown = desk.call(method, path, {"saets": 4})

    assert (wrong.status, complaint(wrong)) == (400, "column seats: is not a whole number")
    assert (unknown.status, complaint(unknown)) == (400, "there is no column saets")
    assert [each["seats"] for each in fetch(desk, collection)] in ([], [1])


def test_contained_table_is_not_found_without_its_parents(desk: Desk) -> None:
    answer = desk.call("GET", f"{SHORT}/subscription")

    assert answer.status == 404
    assert "subscription" in complaint(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/plan/clang_0000000000000",
        "/nothing",
        "/plan/clang_1/subscription",
        "/customer/clang_1/subscription",
        "/customer/88213/subscription",
        "/customer/clang_٣",
    ],
)
def test_what_is_not_there_is_answered_404(desk: Desk, path: str) -> None:
    answer = desk.call("GET", f"{SHORT}{path}")

    assert answer.status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_record_that_is_not_there_is_answered_404(desk: Desk, method: str) -> None:
    answer = desk.call(method, f"{SHORT}/plan/clang_0000000000000", {})

    assert answer.status == 404


def test_customers_of_the_crm_are_the_roots_and_cannot_be_written(desk: Desk) -> None:
    path = customer(desk)

    listed, one = fetch(desk, f"{SHORT}/customer"), fetch(desk, path)
    refused = [
        desk.call("POST", f"{SHORT}/customer", {}),
        desk.call("PUT", path, {}),
        desk.call("DELETE", path),
    ]

    assert listed == [one]
    assert one["clang_id"] == path.rpartition("/")[2]
    assert [(each.status, each.headers["Allow"]) for each in refused] == [(405, "GET")] * 3


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/plan", "GET, POST"),
        ("DELETE", "/plan", "GET, POST"),
        ("PATCH", "/plan", "GET, POST"),
        ("HEAD", "/plan", "GET, POST"),
        ("POST", "", "GET"),
    ],
)
def test_other_methods_are_answered_405(desk: Desk, method: str, path: str, allow: str) -> None:
    answer = desk.call(method, f"{SHORT}{path}", {})

    assert (answer.status, answer.headers["Allow"]) == (405, allow)


def test_deletion_takes_the_contained_records_along(desk: Desk) -> None:
    desk.control("POST", "tables", NESTED)
    order = insert(desk, f"{SHORT}/order", {"number": "A1"})
    line = insert(desk, f"{order}/line", {"pieces": 2})
    other = insert(desk, f"{SHORT}/order", {"number": "A2"})
    kept = insert(desk, f"{other}/line", {"pieces": 3})

    answer = desk.call("DELETE", order)

    assert answer.status == 200
    assert [desk.call("GET", path).status for path in (order, line, kept)] == [404, 404, 200]


def test_children_belong_to_their_own_parent(desk: Desk) -> None:
    first, second = customer(desk), customer(desk)
    insert(desk, f"{first}/subscription", {"seats": 1})
    path = insert(desk, f"{second}/subscription", {"seats": 2})

    seats = [each["seats"] for each in fetch(desk, f"{first}/subscription")]
    elsewhere = desk.call("GET", f"{first}/subscription/{path.rpartition('/')[2]}")

    assert seats == [1]
    assert elsewhere.status == 404


def test_list_is_paged_and_ordered_by_creation(desk: Desk) -> None:
    for number in range(5):
        insert(desk, f"{SHORT}/plan", {"name": f"p{number}"})

    names = [each["name"] for each in fetch(desk, f"{SHORT}/plan", limit="2", offset="1")]

    assert names == ["p1", "p2"]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "1001"}, {"limit": "all"}, {"offset": "-1"}]
)
def test_page_that_makes_no_sense_is_answered_400(desk: Desk, query: dict[str, str]) -> None:
    answer = desk.call("GET", f"{SHORT}/plan", query=query)

    assert answer.status == 400


def test_list_without_a_limit_ends_at_1000(desk: Desk) -> None:
    for _ in range(1001):
        insert(desk, f"{SHORT}/plan", {})

    assert len(fetch(desk, f"{SHORT}/plan")) == 1000


def test_filter_matches_exactly(desk: Desk) -> None:
    collection = f"{customer(desk)}/subscription"
    insert(desk, collection, {"seats": 4, "active": "yes"})
    insert(desk, collection, {"seats": 40, "active": "no"})

    by_number = fetch(desk, collection, **{"filter[seats]": "4"})
    by_flag = fetch(desk, collection, **{"filter[active]": "false"})
    unknown = desk.call("GET", collection, query={"filter[colour]": "red"})

    assert [each["seats"] for each in by_number] == [4]
    assert [each["seats"] for each in by_flag] == [40]
    assert unknown.status == 400


def test_model_is_described_in_html(desk: Desk) -> None:
    answer = desk.call("GET", SHORT, query={"format": "html"})

    page = answer.body.decode()
    assert answer.headers["Content-Type"].startswith("text/html")
    for text in ("subscription", "plancode", "plan.name", "customer contains subscription"):
        assert text in page


def test_root_lists_the_tables(desk: Desk) -> None:
    assert fetch(desk, SHORT) == ["customer", "plan", "subscription"]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}])
def test_missing_or_wrong_token_is_answered_401(desk: Desk, headers: dict[str, str]) -> None:
    answer = desk.call("GET", f"{SHORT}/plan", headers=headers)

    assert answer.status == 401


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 400), (b"", 400), (b" " * 6_000_001, 413)]
)
def test_body_that_is_no_object_is_refused(desk: Desk, body: bytes, status: int) -> None:
    answer = desk.call("POST", f"{SHORT}/plan", body=body)

    assert answer.status == status


def test_foreign_formats_are_answered_415(desk: Desk) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "text/xml"}

    by_type = desk.call("POST", f"{SHORT}/plan", {}, headers=headers)
    by_query = desk.call("GET", f"{SHORT}/plan", query={"format": "xml"})

    assert (by_type.status, by_query.status) == (415, 415)


NESTED = {
    "tables": [
        {"name": "order", "columns": [{"name": "number", "type": "string"}]},
        {
            "name": "line",
            "parent": "order",
            "columns": [
                {"name": "pieces", "type": "number"},
                {"name": "order_number", "refers": "order.number"},
            ],
        },
    ]
}


def test_defined_tables_are_shown_and_used(desk: Desk) -> None:
    shown = desk.control("POST", "tables", NESTED)
    order = insert(desk, f"{SHORT}/order", {"number": "A1"})
    line = insert(desk, f"{order}/line", {"pieces": "2", "order_number": "A1"})

    assert [table["name"] for table in shown["tables"]] == ["customer", "order", "line"]
    assert shown["tables"][2]["columns"] == NESTED["tables"][1]["columns"]
    assert fetch(desk, line)["pieces"] == 2


@pytest.mark.parametrize(
    ("tables", "grievance"),
    [
        ([{"name": "customer", "columns": []}], "customer already"),
        ([{"name": "a", "columns": []}, {"name": "a", "columns": []}], "a already"),
        ([{"name": "a b", "columns": []}], "a b cannot be a name"),
        ([{"name": "a", "columns": [{"name": "clang_x", "type": "date"}]}], "clang_x cannot"),
        ([{"name": "a", "columns": [{"name": "x", "type": "date"}] * 2}], "column x already"),
        ([{"name": "a", "columns": [{"name": "x", "type": "text"}]}], "no type text"),
        ([{"name": "a", "columns": [{"name": "x"}]}], "lacks type"),
        ([{"name": "a", "columns": [{"name": "x", "refers": "b.y"}]}], "refers to b.y"),
        ([{"name": "a", "parent": "b", "columns": []}], "b cannot contain it"),
        ([{"name": "a", "parent": "a", "columns": []}], "a cannot contain it"),
        ([{"name": "a", "columns": [], "rows": []}], "does not know rows"),
    ],
)
def test_model_that_cannot_be_is_refused_and_the_old_one_stays(
    desk: Desk, tables: list[object], grievance: str
) -> None:
    answer = desk.ask_control("POST", "tables", {"tables": tables})

    assert answer.status == 400
    assert grievance in read(answer)["error"]["message"]
    assert fetch(desk, SHORT) == ["customer", "plan", "subscription"]
