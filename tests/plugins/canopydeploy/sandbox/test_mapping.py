import pytest

from petiole.plugins.canopydeploy.sandbox.exchange import Answer
from petiole.plugins.canopydeploy.sandbox.webhook import MOUNT
from tests.plugins.canopydeploy.sandbox.desk import Desk, Json, read

TABLES = {
    "tables": [
        {
            "name": "order",
            "parent": "customer",
            "columns": [{"name": "number", "type": "number"}, {"name": "city", "type": "string"}],
        },
        {
            "name": "orderline",
            "parent": "order",
            "columns": [
                {"name": "article", "type": "string"},
                {"name": "pieces", "type": "number"},
            ],
        },
    ]
}
LINES = {"table": "orderline", "key": "article", "rows": {}}
ORDERS = {"table": "order", "key": "number", "rows": {"lines": LINES}}
MAPPING = {"key": "identifier", "rows": {"orders": ORDERS}}


@pytest.fixture
def shop(desk: Desk) -> Desk:
    desk.control("POST", "tables", TABLES)
    desk.control("POST", "endpoints", {"name": "shop", "mapping": MAPPING})
    return desk


def order(number: object, *lines: dict[str, object], **columns: object) -> dict[str, object]:
    return {"number": number, **columns, "lines": list(lines)}


def send(shop: Desk, *orders: object, identifier: str = "a", **fields: object) -> Answer:
    record = {"identifier": identifier, **fields, "orders": list(orders)}
    return shop.call("POST", f"{MOUNT}shop", record)


def rows(shop: Desk, *path: str) -> Json:
    """Return the records below a customer, without the platform's own fields."""
    listed = read(shop.call("GET", "/dataextension/customer/clang_88213/" + "/".join(path)))
    return [
        {name: value for name, value in each.items() if not name.startswith("clang_")}
        for each in listed
    ]


def test_every_element_becomes_a_row_below_its_customer(shop: Desk) -> None:
    send(shop, order(1, city="Delft"), order(2))

    assert rows(shop, "order") == [{"number": 1, "city": "Delft"}, {"number": 2, "city": None}]


def test_arrays_in_elements_become_rows_below_their_row(shop: Desk) -> None:
    echoed = read(send(shop, order(1, {"article": "cup", "pieces": "2"})))

    found = rows(shop, "order", echoed["orders"][0]["clang_id"], "orderline")
    assert found == [{"article": "cup", "pieces": 2}]


def test_echo_ends_every_object_with_the_id_of_its_record(shop: Desk) -> None:
    echoed = read(send(shop, order(1, {"article": "cup"})))

    first = echoed["orders"][0]
    for each in (echoed, first, first["lines"][0]):
        assert list(each)[-1] == "clang_id"
    assert echoed["clang_id"] == "clang_88213"
    assert len({echoed["clang_id"], first["clang_id"], first["lines"][0]["clang_id"]}) == 3


def test_row_with_the_same_key_is_changed_and_keeps_its_id(shop: Desk) -> None:
    first = read(send(shop, order(1, {"article": "cup", "pieces": 1}, city="Delft")))
    again = read(send(shop, order("1", {"article": "cup", "pieces": 3})))

    identity = again["orders"][0]["clang_id"]
    assert identity == first["orders"][0]["clang_id"]
    assert rows(shop, "order") == [{"number": 1, "city": "Delft"}]
    assert rows(shop, "order", identity, "orderline") == [{"article": "cup", "pieces": 3}]


def test_same_key_below_another_customer_is_another_row(shop: Desk) -> None:
    first = read(send(shop, order(1)))
    other = read(send(shop, order(1), identifier="b"))

    assert first["orders"][0]["clang_id"] != other["orders"][0]["clang_id"]


@pytest.mark.parametrize("number", [1, None])
def test_without_a_key_or_a_value_for_it_every_element_is_a_new_row(
    shop: Desk, number: int | None
) -> None:
    if number:
        unkeyed = {"key": "identifier", "rows": {"orders": {"table": "order"}}}
        shop.control("POST", "endpoints", {"name": "shop", "mapping": unkeyed})

    send(shop, order(number))
    send(shop, order(number))

    assert len(rows(shop, "order")) == 2


def test_element_that_does_not_fit_is_refused_alone(shop: Desk) -> None:
    echoed = read(send(shop, order("many", {"article": "cup"}), order(2)))

    refused, taken = echoed["orders"]
    assert refused["error"] == {"code": 105, "message": "column number: is not a whole number"}
    assert "clang_id" not in refused
    assert "clang_id" not in refused["lines"][0]
    assert "clang_id" in taken
    assert rows(shop, "order") == [{"number": 2, "city": None}]


@pytest.mark.parametrize("orders", [None, "none", {"number": 1}, [1, "x", None]])
def test_what_is_no_array_of_objects_is_passed_over(shop: Desk, orders: object) -> None:
    record = {"identifier": "a", "orders": orders}

    answer = shop.call("POST", f"{MOUNT}shop", record)

    assert read(answer) == {**record, "clang_id": "clang_88213"}
    assert rows(shop, "order") == []


def test_keys_that_are_no_columns_are_ignored(shop: Desk) -> None:
    send(shop, order(1, colour="red", clang_id="clang_mine"))

    assert rows(shop, "order") == [{"number": 1, "city": None}]


def test_mapped_array_is_no_field_of_the_profile(shop: Desk) -> None:
    send(shop, order(1), segmentId="4711", status="NEW", tier="gold")

    assert shop.profiles() == {"4711": {"a": {"tier": "gold"}}}


def test_table_that_is_gone_takes_no_rows(shop: Desk) -> None:
    shop.control("POST", "tables", {"tables": []})

    echoed = read(send(shop, order(1)))

    assert "clang_id" not in echoed["orders"][0]


def test_mapping_is_shown_as_it_was_made(shop: Desk) -> None:
    assert shop.control("GET", "endpoints")["endpoints"]["shop"] == MAPPING


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([], "rows must be a JSON object"),
        ({"orders": {}}, "rows: orders lacks table"),
        ({"orders": {"table": "plan"}}, "customer contains no table plan"),
        ({"lines": {"table": "orderline"}}, "customer contains no table orderline"),
        ({"orders": {"table": "order", "key": "nr"}}, "table order has no column nr"),
        ({"orders": {"table": "order", "kye": "number"}}, "does not know kye"),
        (
            {"orders": {"table": "order", "rows": {"x": {"table": "order"}}}},
            "order contains no table order",
        ),
    ],
)
def test_mapping_that_makes_no_sense_is_refused(shop: Desk, rows: object, complaint: str) -> None:
    document = {"name": "shop", "mapping": {"key": "identifier", "rows": rows}}

    answer = shop.ask_control("POST", "endpoints", document)

    assert answer.status == 400
    assert complaint in read(answer)["error"]["message"]
    assert shop.control("GET", "endpoints")["endpoints"]["shop"] == MAPPING
