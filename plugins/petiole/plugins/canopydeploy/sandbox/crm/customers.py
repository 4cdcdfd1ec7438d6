"""All customers of the brand, found in constant time by id, address, external id or option."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from threading import RLock

from petiole.plugins.canopydeploy.sandbox.crm.customer import (
    INDEXED_FIELDS,
    OPTION_PREFIX,
    Account,
    Customer,
    Draft,
)
from petiole.plugins.canopydeploy.sandbox.crm.field import OptionLimit, check_fields
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now
from petiole.plugins.canopydeploy.sandbox.crm.table import Table

FIRST_CUSTOMER_ID = 88213


class Customers:
    """The customer table. Insertion never de-duplicates; lookups answer in order of insertion."""

    def __init__(self, *, lock: RLock, now: Now, option_limit: OptionLimit) -> None:
        self.lock = lock
        self._now = now
        self._option_limit = option_limit
        self._ids = count(FIRST_CUSTOMER_ID)
        self._rows = Table[Customer]("Customer")
        self._index: dict[tuple[str, str], dict[int, None]] = {}

    @locked
    def insert(self, draft: Draft) -> Customer:
        """Store a new customer under the next id, whatever `draft.id` says.

        Raises:
            InvalidValue: A value that its field cannot hold.
        """
        fields = check_fields(draft.fields)
        now = self._now()
        row = Customer(
            id=next(self._ids),
            created_at=now,
            modified_at=now,
            fields=fields,
            options=self._kept(draft.options),
            accounts=_merged((), draft.accounts),
        )
        return self._store(row)

    @locked
    def update(self, draft: Draft) -> Customer:
        """Change the fields that the draft names; options are merged by name.

        Raises:
            NotFound: No customer has `draft.id`.
            InvalidValue: A value that its field cannot hold; nothing was changed.
        """
        row = self.get(draft.id)
        changed = replace(
            row,
            fields={**row.fields, **check_fields(draft.fields)},
            options={**row.options, **self._kept(draft.options)},
            accounts=_merged(row.accounts, draft.accounts),
        )
        return self.put(changed)

    @locked
    def put(self, row: Customer) -> Customer:
        """Replace a stored customer by a later value of it."""
        self._forget(self._rows[row.id])
        return self._store(replace(row, modified_at=self._now()))

    @locked
    def delete(self, customer_id: int | None) -> bool:
        """Remove a customer; False if there is none."""
        row = None if customer_id is None else self._rows.pop(customer_id, None)
        if row is None:
            return False
        self._forget(row)
        return True

    @locked
    def get(self, customer_id: int | None) -> Customer:
        """Find one by id.

        Raises:
            NotFound: There is none.
        """
        return self._rows.find(customer_id)

    @locked
    def identify(self, *, key: str, values: Iterable[str]) -> list[int]:
        """Answer, for each value, the id of the customer whose option `key` it is.

        The oldest one wins; where there is none, a new customer with that option is stored. The
        value also becomes the external id of one who has none (assumed). Constant time for each.
        """
        name, limit = OPTION_PREFIX + key, self._option_limit()
        numbers = []
        for value in values:
            found = self._index.get((name, value[:limit]))
            if not found:
                draft = Draft(fields={"externalId": value}, options={key: value})
                numbers.append(self.insert(draft).id)
                continue
            row = self._rows[min(found)]
            if not row.fields.get("externalId"):
                fields = {**row.fields, **check_fields({"externalId": value})}
                row = self.put(replace(row, fields=fields))
            numbers.append(row.id)
        return numbers

    @locked
    def alike(self, values: Mapping[str, str]) -> Sequence[Customer]:
        """Find all who have every one of the values, oldest first.

        Names are fields or `option:<name>`; an option is compared as far as it would be kept.
        Constant time if one of them is indexed.
        """
        limit = self._option_limit()
        values = {
            name: text[:limit] if name.startswith(OPTION_PREFIX) else text
            for name, text in values.items()
        }
        rows: Iterable[Customer] = self._rows.values()
        for name, value in values.items():
            if name in INDEXED_FIELDS or name.startswith(OPTION_PREFIX):
                rows = (self._rows[each] for each in sorted(self._index.get((name, value), ())))
                break
        return tuple(
            row for row in rows if all(row.value(name) == text for name, text in values.items())
        )

    @locked
    def where(self, wanted: Callable[[Customer], bool]) -> Sequence[Customer]:
        """Find all that the predicate accepts, by looking at each."""
        return tuple(row for row in self._rows.values() if wanted(row))

    @locked
    def present(self, customer_ids: Iterable[int]) -> Sequence[Customer]:
        """Answer those of the ids that exist, in the order given."""
        return tuple(self._rows[each] for each in customer_ids if each in self._rows)

    @locked
    def all(self) -> Sequence[Customer]:
        """Answer every customer, oldest first."""
        return tuple(self._rows.values())

    @locked
    def __len__(self) -> int:
        return len(self._rows)

    @locked
    def __contains__(self, customer_id: int) -> bool:
        return customer_id in self._rows

    def _kept(self, options: Mapping[str, str]) -> dict[str, str]:
        limit = self._option_limit()
        return {name: value[:limit] for name, value in options.items()}

    def _store(self, row: Customer) -> Customer:
        self._rows[row.id] = row
        for key in row.search_keys():
            self._index.setdefault(key, {})[row.id] = None
        return row

    def _forget(self, row: Customer) -> None:
        for key in row.search_keys():
            found = self._index[key]
            found.pop(row.id, None)
            if not found:
                del self._index[key]


def _merged(held: Iterable[Account], given: Iterable[Account]) -> tuple[Account, ...]:
    """Join accounts, of which a customer has one per network: the later one."""
    return tuple({each.network: each for each in (*held, *given)}.values())
