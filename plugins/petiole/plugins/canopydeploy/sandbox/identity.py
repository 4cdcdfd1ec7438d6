"""Who a customer is to those who sent them: the identifier, as it was stored with them."""

import re
from collections.abc import Sequence
from hashlib import sha256

from petiole.plugins.canopydeploy.sandbox.crm import Crm, Customer

BY_ADDRESS = 1012
"""The partner number that goes with hashes of addresses. Documented by the vendor."""

HASH = re.compile(r"[0-9a-fA-F]{64}")


class Identities:
    """Tells who customers are now.

    Assumed: what a mapping's key or a campaign run's `identifier` stored is what goes out, else the
    external id, else the customer's number. `keys` names the options that may hold it.
    """

    def __init__(self, crm: Crm, *, keys: Sequence[str]) -> None:
        self._crm = crm
        self._keys = keys

    def customer(self, number: int) -> Customer | None:
        """Return a customer, unless they were deleted."""
        return next(iter(self._crm.customers.present((number,))), None)

    def of(self, number: int, *, partner_number: int = 0) -> str | None:
        """Return the identifier of a customer.

        Under `BY_ADDRESS` it is a hash: the one that was stored, or else made of the address;
        None where there is neither.
        """
        row = self.customer(number)
        stored = self._stored(row) if row else ""
        if partner_number != BY_ADDRESS:
            return stored or str(number)
        if HASH.fullmatch(stored):
            return stored
        address = row.text("emailAddress").strip().lower() if row else ""
        return sha256(address.encode()).hexdigest() if address else None

    def _stored(self, row: Customer) -> str:
        for key in self._keys:
            if value := row.options.get(key):
                return value
        return row.text("externalId")
