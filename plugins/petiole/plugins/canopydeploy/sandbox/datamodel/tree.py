"""The resource tree: what a URL addresses, and what is there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from petiole.plugins.canopydeploy.sandbox.crm import Crm, Customer
from petiole.plugins.canopydeploy.sandbox.datamodel.model import CUSTOMER, START, Table
from petiole.plugins.canopydeploy.sandbox.datamodel.records import Place, Record, Records, stamped
from petiole.plugins.canopydeploy.sandbox.exchange import Refusal

CUSTOMER_ID = re.compile(r"clang_([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a URL addresses: a collection, or one record of it."""

    table: Table
    place: Place
    identity: str | None


class Tree:
    """Customers, as the CRM has them, and the records below and beside them."""

    def __init__(self, *, crm: Crm, records: Records) -> None:
        self.model = START
        self._crm = crm
        self._records = records

    def target(self, segments: Sequence[str]) -> Target:
        """Walk down a path from the root.

        Raises:
            Refusal: There is no such table at its place, or no such record on the way.
        """
        target: Target | None = None
        for depth in range(0, len(segments), 2):
            name, identity, *_ = (*segments[depth : depth + 2], None)
            target = self._below(target, name, identity)
        if target is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no table without a name")
        return target

    def record(self, target: Target) -> Record:
        """Return the record that a URL addresses, or refuse the call."""
        identity = target.identity or ""
        if target.table.name == CUSTOMER:
            customer = self._customer(identity)
            found = _shown(customer) if customer else None
        else:
            found = self._records.get(target.place, identity)
        if found is None:
            raise missing(target)
        return found

    def collection(self, target: Target) -> list[Record]:
        """Return all records of a collection, oldest first."""
        if target.table.name == CUSTOMER:
            return [_shown(customer) for customer in self._crm.customers.all()]
        return self._records.list(target.place)

    def counts(self) -> Mapping[str, int]:
        """Return how many records there are of each table that has any."""
        return {**self._records.counts(), CUSTOMER: len(self._crm.customers)}

    def _below(self, above: Target | None, name: str, identity: str | None) -> Target:
        if above:
            self.record(above)
        table = self.model.get(name, parent=above.table.name if above else None)
        if table is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no table {name} at this place")
        place = (*above.place, above.identity or "", name) if above else (name,)
        return Target(table=table, place=place, identity=identity)

    def _customer(self, identity: str) -> Customer | None:
        number = CUSTOMER_ID.fullmatch(identity)
        found = self._crm.customers.present([int(number[1])] if number else [])
        return found[0] if found else None


def missing(target: Target) -> Refusal:
    """Return the refusal of a call about a record that is not there."""
    message = f"there is no {target.table.name} {target.identity}"
    return Refusal(HTTPStatus.NOT_FOUND, message)


def _shown(customer: Customer) -> Record:
    return stamped(
        f"clang_{customer.id}",
        created_at=customer.created_at,
        modified_at=customer.modified_at,
    )
