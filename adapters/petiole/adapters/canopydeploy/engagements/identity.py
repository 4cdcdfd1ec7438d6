"""Who a customer of the platform is to the connection: by the first of several places that fits.

Assumed: the option `identifier` holds what was sent, be it through a webhook's mapping or a
campaign run; else the external id is ours; else the platform's number, or the address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.errors import IdentifierRefused, InvalidSettings

OPTION = "option:"
PLACES: Mapping[IdentifierType, Sequence[str]] = {
    IdentifierType.CUSTOMER_ID: (f"{OPTION}identifier", "externalId", "id"),
    IdentifierType.HASHED_EMAIL: (f"{OPTION}identifier", "externalId", "email"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """What the platform tells of one; empty where it tells nothing."""

    id: str = ""
    external_id: str = ""
    address: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def at(self, place: str) -> str:
        """Tell what stands at a place."""
        match place:
            case "id":
                return self.id
            case "externalId":
                return self.external_id
            case "email":
                return self.address
            case _:
                return self.options.get(place.removeprefix(OPTION), "")


class Identity:
    """Finds identifiers of one type, in one place if it is told which."""

    def __init__(self, type_: IdentifierType, place: str | None = None) -> None:
        if place == "email" and type_ is not IdentifierType.HASHED_EMAIL:
            raise InvalidSettings('identity = "email" goes with identifier = "hashed-email" only')
        self._type = type_
        self._places = (place,) if place else PLACES[type_]

    def of(self, customer: Customer) -> Identifier:
        """Identify a customer.

        Raises:
            IdentifierRefused: nothing that fits is in any place.
        """
        for place in self._places:
            value = customer.at(place)
            try:
                return Identifier.of(self._type, value)
            except IdentifierRefused:
                continue
        raise IdentifierRefused(f"the customer has no {self._type} in {', '.join(self._places)}")
