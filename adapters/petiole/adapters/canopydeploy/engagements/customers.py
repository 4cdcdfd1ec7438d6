"""Customers by number: remembered as they come by, else looked up one by one."""

from collections import OrderedDict

from petiole.adapters.canopydeploy.engagements.identity import Customer, Identity
from petiole.adapters.canopydeploy.soap.client import SoapClient
from petiole.adapters.canopydeploy.soap.faults import NOT_FOUND, Refused
from petiole.core.domain.identity import Identifier
from petiole.core.errors import IdentifierRefused, MalformedRequest

MOST_REMEMBERED = 100_000


class Customers:
    """Identifies customers. What is remembered of one is the identifier, or why there is none."""

    def __init__(
        self, client: SoapClient, identity: Identity, *, most: int = MOST_REMEMBERED
    ) -> None:
        self._client = client
        self._identity = identity
        self._most = most
        self._known: OrderedDict[int, Identifier | str] = OrderedDict()

    def meet(self, customer: object) -> int | None:
        """Remember one whom the platform tells of, and return the number."""
        number = getattr(customer, "id", None)
        if not isinstance(number, int):
            return None
        try:
            self._remember(number, self._identity.of(_customer(customer)))
        except IdentifierRefused as error:
            self._remember(number, str(error))
        return number

    def identifier(self, number: object) -> Identifier:
        """Identify a customer by number; asks the platform for one whom it does not know.

        Raises:
            IdentifierRefused: there is no such customer, or no identifier.
            DeliveryError: as `SoapClient.call` does.
        """
        if not isinstance(number, int):
            raise IdentifierRefused("the platform tells no customer")
        known = self._known.get(number)
        if known is None:
            known = self._looked_up(number)
        else:
            self._known.move_to_end(number)
        if isinstance(known, str):
            raise IdentifierRefused(known)
        return known

    def _looked_up(self, number: int) -> Identifier | str:
        try:
            found = self._client.call("customer_getById", customerId=number)
        except Refused as refusal:
            if refusal.code != NOT_FOUND:
                raise MalformedRequest(refusal.reason, code=refusal.code) from refusal
            found = None
        if self.meet(found) != number:
            self._remember(number, "the platform does not know the customer any more")
        return self._known[number]

    def _remember(self, number: int, known: Identifier | str) -> None:
        self._known[number] = known
        self._known.move_to_end(number)
        if len(self._known) > self._most:
            self._known.popitem(last=False)


def _customer(told: object) -> Customer:
    options = getattr(getattr(told, "options", None), "CustomerOption", None) or ()
    return Customer(
        id=_text(told, "id"),
        external_id=_text(told, "externalId"),
        address=_text(told, "emailAddress"),
        options={_text(option, "name"): _text(option, "value") for option in options},
    )


def _text(told: object, name: str) -> str:
    value = getattr(told, name, None)
    return "" if value is None else str(value).strip()
