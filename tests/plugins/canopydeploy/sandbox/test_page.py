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


def test_page_brings_everything_that_it_needs(desk: Desk) -> None:
    page = shown(desk)

    links = {each.get("href") or "" for each in page.iter("a", "link")}
    assert links == {
        "data:,",
        *("ledger?records=1&runs=1", "faults", "settings", "endpoints", "tables", "push"),
    }
    assert not list(page.iter("img", "script", "iframe"))
    assert "url(" not in (page.findtext(".//style") or "")


def test_page_counts_members_and_runs_of_campaigns(desk: Desk) -> None:
    campaigns = desk.platform.state.crm.campaigns
    campaigns.join(4712, 88213)
    for _ in range(2):
        campaigns.run(4711, (), waited=False)

    assert rows(desk, "Campaigns")[:2] == [
        ["Spring rebookers", "4711", "0", "2"],
        ["Welcome series", "4712", "1", "0"],
    ]


def test_page_counts_what_became_of_each_mailing(desk: Desk) -> None:
    desk.post(record("a"), record("b"))
    mail = {"identifiers": ["a", "b"], "campaign": 4711, "content": "Spring mail"}
    desk.control("POST", "engage", {**mail, "events": [["open", "click"], ["bounce"]]})

    assert rows(desk, "Mailings") == [["9001", "Spring mail", "1", "1", "1", "1", "0"]]


def test_page_counts_the_rows_of_each_table(desk: Desk) -> None:
    desk.post(record("a"))
    for number in range(2):
        desk.call("POST", "/dataextension/plan", {"name": f"Studio-{number}"})

    counts = {row[0]: row[-1] for row in rows(desk, "Data model")}

    assert counts == {"customer": "1", "plan": "2", "subscription": "0"}


def test_page_shows_the_beginning_of_a_long_rule(desk: Desk) -> None:
    identifiers = [str(number) for number in range(1_000)]
    desk.control("POST", "faults", {"rules": [{"fault": "reject", "identifiers": identifiers}]})

    (rule, _, _), *_ = rows(desk, "Fault script")

    assert rule.startswith('{"fault": "reject"')
    assert len(rule) <= 300


def test_call_without_an_answer_says_so(desk: Desk) -> None:
    desk.control("POST", "faults", {"rules": [{"fault": "cut-before"}]})
    desk.post(record("a"))

    assert rows(desk, "Last")[0][2] == "no answer"
    assert rows(desk, "Last")[0][-1] == "cut-before"
