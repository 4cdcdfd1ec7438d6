from datetime import UTC, datetime, timedelta

import pytest

from petiole.plugins.canopydeploy.sandbox.crm import (
    Act,
    BounceCategory,
    Crm,
    Deed,
    Draft,
    InvalidName,
    InvalidValue,
    Mailing,
    MailingType,
    NotFound,
    Part,
)
from petiole.plugins.canopydeploy.sandbox.crm.email import EmailDraft
from petiole.plugins.canopydeploy.sandbox.crm.moment import parse_moment, text_of

NOON = datetime(2026, 7, 2, 12, tzinfo=UTC)
CONTENT = {"type": "MULTIPART", "name": "Spring"}


@pytest.fixture
def crm() -> Crm:
    crm = Crm(now=lambda: NOON)
    for number in range(20):
        crm.customers.insert(Draft(fields={"emailAddress": f"p{number}@example.org"}))
    return crm


@pytest.fixture
def mailing(crm: Crm) -> Mailing:
    return crm.mailings.send(_everyone(crm), content_name="Spring")


def _everyone(crm: Crm) -> list[int]:
    return [row.id for row in crm.customers.all()]


def test_mail_reaches_only_who_can_be_mailed(crm: Crm) -> None:
    with_address, *others = _everyone(crm)
    crm.customers.update(Draft(id=others[0], fields={"optIn": "N"}))
    without = crm.customers.insert(Draft())

    mailing = crm.mailings.send(
        [with_address, others[0], without.id, 999_999], content_name="Spring"
    )

    assert mailing.targeted == 4
    assert crm.mailings.recipients(mailing.id) == (with_address,)


def test_mail_without_a_campaign_is_a_quick_mail(mailing: Mailing) -> None:
    assert mailing.type is MailingType.QUICKMAIL


def test_report_counts_what_happened(crm: Crm, mailing: Mailing) -> None:
    first, second, *_ = _everyone(crm)

    crm.mailings.open(mailing.id, first)
    crm.mailings.open(mailing.id, first)
    crm.mailings.click(mailing.id, second, link_id=mailing.links[0].id)
    report = crm.mailings.report(mailing)

    assert (report.received, report.opens, report.unique_opens) == (20, 2, 1)
    assert (report.clicks, report.unique_clicks) == (1, 1)


def test_hard_bounce_ends_the_mailing_of_a_customer(crm: Crm, mailing: Mailing) -> None:
    first = _everyone(crm)[0]

    crm.mailings.bounce(mailing.id, first)

    row = crm.customers.get(first)
    assert (row.hard_bounces, row.mail_status, row.mailable) == (1, "INACTIVE", False)


def test_soft_bounce_is_counted_and_no_more(crm: Crm, mailing: Mailing) -> None:
    first = _everyone(crm)[0]

    crm.mailings.bounce(mailing.id, first, category=BounceCategory.SOFT)

    row = crm.customers.get(first)
    assert (row.soft_bounces, row.mailable) == (1, True)


def test_complaint_opts_out(crm: Crm, mailing: Mailing) -> None:
    first = _everyone(crm)[0]

    crm.mailings.complain(mailing.id, first)

    row = crm.customers.get(first)
    assert (row.complaints, row.text("optIn")) == (1, "N")


def test_who_got_no_mail_cannot_open_it(crm: Crm, mailing: Mailing) -> None:
    stranger = crm.customers.insert(Draft())

    with pytest.raises(NotFound, match="Delivery"):
        crm.mailings.open(mailing.id, stranger.id)


def test_link_of_another_mailing_cannot_be_clicked(crm: Crm, mailing: Mailing) -> None:
    first = _everyone(crm)[0]
    other = crm.mailings.send([first], content_name="Other")

    with pytest.raises(InvalidValue, match="not in mailing"):
        crm.mailings.click(mailing.id, first, link_id=other.links[0].id)


def test_delivery_tells_what_followed_even_when_the_customer_is_gone(
    crm: Crm, mailing: Mailing
) -> None:
    first = _everyone(crm)[0]
    opened = crm.mailings.open(mailing.id, first)
    crm.delete_customer(first)

    report = crm.mailings.deliveries(mailing.id)[0]

    assert (report.customer, report.opens, report.bounce) == (None, (opened,), None)


def test_played_mailing_is_the_same_every_time() -> None:
    def play() -> object:
        crm = Crm(now=lambda: NOON)
        for number in range(40):
            crm.customers.insert(Draft(fields={"emailAddress": f"p{number}@example.org"}))
        mailing = crm.play_mailing(_everyone(crm), campaign_id=4711, content_name="Spring")
        return crm.mailings.report(mailing), crm.mailings.deliveries(mailing.id)

    assert play() == play()


def test_played_mailing_has_every_kind_of_event(crm: Crm) -> None:
    for number in range(20):
        crm.customers.insert(Draft(fields={"emailAddress": f"q{number}@example.org"}))

    mailing = crm.play_mailing(_everyone(crm), campaign_id=4711, content_name="Spring")

    report = crm.mailings.report(mailing)
    assert (mailing.campaign_name, mailing.object_id) == ("Spring rebookers", 47111)
    assert (report.received, report.opens, report.clicks) == (35, 19, 9)
    assert (report.bounces, report.complaints) == (5, 2)


def test_like_event_of_the_same_second_moves_to_the_next(crm: Crm, mailing: Mailing) -> None:
    first, second, *_ = _everyone(crm)

    moments = [crm.mailings.open(mailing.id, each).at for each in (first, first, second)]

    assert moments == [NOON, NOON + timedelta(seconds=1), NOON]


def test_events_are_answered_in_order_of_time(crm: Crm, mailing: Mailing) -> None:
    first = _everyone(crm)[0]
    late = crm.mailings.open(mailing.id, first, at=NOON + timedelta(hours=2))
    early = crm.mailings.open(mailing.id, first, at=NOON + timedelta(hours=1))

    assert crm.mailings.opens.of(mailing.id) == (early, late)
    assert crm.mailings.deliveries(mailing.id)[0].opens == (early, late)


def test_nobody_acts_before_the_mail_comes(crm: Crm) -> None:
    arrival = NOON + timedelta(minutes=5)
    part = Part(arrives_at=arrival, deeds=[Deed(act=Act.OPEN, at=NOON)])

    mailing = crm.play_mailing(
        _everyone(crm)[:1], campaign_id=4711, content_name="Spring", parts=lambda _: part
    )

    assert crm.mailings.opens.of(mailing.id)[0].at == arrival


def test_chronicle_tells_everything_from_a_place_on(crm: Crm, mailing: Mailing) -> None:
    read = len(crm.mailings.happened())
    opened = crm.mailings.open(mailing.id, _everyone(crm)[0])

    assert read == 20
    assert list(crm.mailings.happened(read)) == [opened]


def test_type_of_a_mail_is_looked_at_before_its_name(crm: Crm) -> None:
    with pytest.raises(InvalidValue, match=r"Undefined mailtype \(\)"):
        crm.emails.insert(EmailDraft())
    with pytest.raises(InvalidName, match=r"invalid content name \[\]"):
        crm.emails.insert(EmailDraft(texts={"type": "HTML"}))


def test_email_update_keeps_what_is_not_named(crm: Crm) -> None:
    row = crm.emails.insert(EmailDraft(texts=CONTENT, template_id=3))

    changed = crm.emails.update(EmailDraft(id=row.id, texts={"subject": "Hello"}))

    assert (changed.text("name"), changed.text("subject"), changed.template_id) == (
        "Spring",
        "Hello",
        3,
    )


def test_deleted_email_is_not_found(crm: Crm) -> None:
    row = crm.emails.insert(EmailDraft(texts=CONTENT))

    assert crm.emails.delete(row.id)

    assert not crm.emails.delete(row.id)
    with pytest.raises(NotFound):
        crm.emails.get(row.id)


def test_moments_are_written_in_amsterdam() -> None:
    assert text_of(NOON) == "2026-07-02 14:00:00"
    assert text_of(None) == "0000-00-00 00:00:00"


@pytest.mark.parametrize("text", ["2026-07-02 14:00:00", " 2026-07-02 14:00:00 "])
def test_moments_are_read_in_amsterdam(text: str) -> None:
    assert parse_moment(text) == NOON


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "0000-00-00"])
def test_other_texts_are_no_moment(text: str) -> None:
    with pytest.raises(InvalidValue, match="Invalid date"):
        parse_moment(text)
