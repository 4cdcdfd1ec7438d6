"""What every sink promises about that which arrives: whose it is, what it says, and where."""

from collections.abc import Mapping, Sequence

import pytest

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.changes import change, messages, scope
from petiole.testing.contracts.sink import SEGMENT, deliver_all, deliver_one_by_one
from petiole.testing.promises import keeps
from petiole.testing.stands import SinkStand

TEXTS = {"firstname": 'Łukasz "Żółw" Ødegård', "city": "Köln \\ Łódź", "note": "a&b<c>\t"}
VALUES: Mapping[str, JsonValue] = {
    "nickname": "",
    "visits": 41,
    "returns": 0,
    "score": -2.5,
    "member": True,
    "blocked": False,
    "partner": None,
    "tags": ["Øst", 7, None, []],
    "address": {"city": "Łódź", "lines": ["a", ""], "checked": False},
}
SPELLINGS = ("Ab 12 cD", "0017")
OTHER_SEGMENT = scope(segment="4712")


def takes_spellings(stand: SinkStand) -> bool:
    """Tell whether people are identified by a customer id that anybody may choose."""
    return stand.identifier(7) == Identifier.customer_id("7")


class ContentContract:
    """`ProfileSink.deliver` where nothing goes wrong."""

    @pytest.fixture
    def values(self) -> Mapping[str, JsonValue]:
        """Give values of all types; override it with those that your platform can hold."""
        return VALUES

    @pytest.fixture
    def spellings(self) -> Sequence[str]:
        """Give customer ids that are easily spoiled; override it where yours are of one kind."""
        return SPELLINGS

    @keeps(ProfileSink, "Delivers messages to a platform")
    def test_fields_arrive_as_they_were_sent(
        self, stand: SinkStand, values: Mapping[str, JsonValue]
    ) -> None:
        who = stand.identifier(1)
        fields = {**TEXTS, **values}

        stand.sink.deliver(messages([change(who, fields=fields)]))

        held = dict(stand.held(SEGMENT)[who])
        assert held == fields
        assert Fields.of(held) == Fields.of(fields), "0 is not False, nor is 1 True"

    @keeps(ProfileSink, "Delivers messages to a platform")
    def test_identifiers_arrive_as_they_were_sent(
        self, stand: SinkStand, spellings: Sequence[str]
    ) -> None:
        if not takes_spellings(stand):
            spellings = ()
        people = {stand.identifier(1), *map(Identifier.customer_id, spellings)}

        deliver_all(stand, messages(change(who) for who in people))

        assert set(stand.held(SEGMENT)) == people

    @keeps(ProfileSink, "Delivers messages to a platform")
    def test_update_changes_what_it_names(self, stand: SinkStand) -> None:
        who = stand.identifier(1)
        deliver_one_by_one(
            stand,
            messages(
                [
                    change(who, fields={"firstname": "Sanne", "city": "Delft"}),
                    change(who, ChangeKind.UPDATE, {"firstname": "Sanne", "city": "Breda"}),
                ]
            ),
        )

        assert dict(stand.held(SEGMENT)[who]) == {"firstname": "Sanne", "city": "Breda"}

    @keeps(ProfileSink, "Delivers messages to a platform")
    def test_removal_removes(self, stand: SinkStand) -> None:
        stays, goes = stand.identifier(1), stand.identifier(2)

        deliver_one_by_one(
            stand, messages([change(stays), change(goes), change(goes, ChangeKind.REMOVE)])
        )

        assert set(stand.held(SEGMENT)) == {stays}

    @keeps(ProfileSink, "Delivers messages to a platform")
    def test_segments_are_kept_apart(self, stand: SinkStand) -> None:
        who = stand.identifier(1)

        deliver_one_by_one(stand, messages([change(who), change(who, within=OTHER_SEGMENT)]))
        deliver_one_by_one(stand, messages([change(who, ChangeKind.REMOVE)]))

        assert set(stand.held(SEGMENT)) == set()
        assert set(stand.held(OTHER_SEGMENT.segment)) == {who}

    @keeps(ProfileSink, "Delivers messages to a platform")
    @pytest.mark.parametrize("first", range(3))
    def test_call_may_hold_changes_of_every_kind(self, stand: SinkStand, first: int) -> None:
        stays, goes, comes = (stand.identifier(number) for number in range(1, 4))
        deliver_one_by_one(stand, messages([change(stays), change(goes)]))
        mixed = [change(goes, ChangeKind.REMOVE), change(comes), change(stays, ChangeKind.UPDATE)]

        deliver_all(stand, messages([*mixed[first:], *mixed[:first]]))

        assert set(stand.held(SEGMENT)) == {stays, comes}

    @keeps(ProfileSink, "Delivers messages to a platform")
    @pytest.mark.parametrize("first", range(3))
    def test_call_may_hold_changes_of_several_segments(self, stand: SinkStand, first: int) -> None:
        goes, here, there = (stand.identifier(number) for number in range(1, 4))
        deliver_one_by_one(stand, messages([change(goes)]))
        mixed = [
            change(goes, ChangeKind.REMOVE),
            change(there, within=OTHER_SEGMENT),
            change(here),
        ]

        deliver_all(stand, messages([*mixed[first:], *mixed[:first]]))

        assert set(stand.held(SEGMENT)) == {here}
        assert set(stand.held(OTHER_SEGMENT.segment)) == {there}
