from lxml import html

from petiole.plugins.canopydeploy.sandbox.control import Control
from petiole.plugins.canopydeploy.sandbox.exchange import Request
from petiole.plugins.canopydeploy.sandbox.page import SHOWN_CALLS
from tests.plugins.canopydeploy.sandbox.desk import TOKEN, Desk, record


def shown(desk: Desk) -> html.HtmlElement:
    answer = Control(desk.platform).answer(Request(method="GET", path="/_sandbox/"))
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return html.document_fromstring(answer.body.decode())


def rows(desk: Desk, caption: str) -> list[list[str]]:
    """Return the cells of the table under a caption."""
    (table,) = [
        table
        for table in shown(desk).iter("table")
        if (table.findtext("caption") or "").startswith(caption)
    ]
    return [[cell.text_content() for cell in row] for row in table.find("tbody").iter("tr")]


def test_page_shows_segments_receivers_and_calls(desk: Desk) -> None:
    desk.post(record("a"), record("b"))
    desk.post(record("a", "REMOVED"))

    assert rows(desk, "Segments") == [["4711", "1", "3"]]
    assert rows(desk, "Webhooks")[0][1] == "identifier"
    assert [row[0] for row in rows(desk, "Last")] == ["2", "1"]


def test_page_escapes_what_callers_sent(desk: Desk) -> None:
    nasty = "<script>alert(1)</script>&"
    desk.post(record("a", segment=nasty))
    desk.call("GET", f"/{nasty}")

    assert not list(shown(desk).iter("script"))
    assert rows(desk, "Segments")[0][0] == nasty


def test_page_never_shows_a_token(desk: Desk) -> None:
    desk.call("GET", f"/{TOKEN}", query={"token": TOKEN})

    assert TOKEN not in html.tostring(shown(desk), encoding="unicode")


def test_address_without_the_slash_leads_to_the_page(desk: Desk) -> None:
    answer = Control(desk.platform).answer(Request(method="GET", path="/_sandbox"))

    assert (answer.status, answer.headers["Location"]) == (308, "/_sandbox/")


def test_page_says_where_there_is_nothing(desk: Desk) -> None:
    assert rows(desk, "Fault script") == [["none"]]


def test_page_shows_the_last_calls_only(desk: Desk) -> None:
    for _ in range(SHOWN_CALLS + 5):
        desk.post()

    listed = rows(desk, "Last")

    assert len(listed) == SHOWN_CALLS
    assert listed[0][0] == str(SHOWN_CALLS + 5)


def test_every_figure_and_column_has_a_name(desk: Desk) -> None:
    page = shown(desk)

    assert page.get("lang") == "en"
    assert all(cell.get("scope") == "col" for cell in page.iter("th"))
    assert next(each.text_content() for each in page.iter("dt")) == "Calls"
