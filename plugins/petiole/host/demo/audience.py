"""Made-up customers, the same at every run."""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

COLUMNS = ("email", "first_name", "last_name", "city", "loyalty_tier")

_FIRST = ("Sanne", "Joris", "Zoë", "Luís", "Bjørn", "Aïcha", "Noor", "Émile", "Mila", "Søren")
_LAST = ("de Vries", "Bakker", "Gonçalves", "Köhler", "Nowak", "Ó Briain", "Jansen", "Çelik")
_CITIES = ("Utrecht", "Gent", "Porto", "Århus", "Kraków", "Lyon", "Cork", "İzmir")
_TIERS = ("bronze", "silver", "gold")


@dataclass(frozen=True, slots=True)
class Customer:
    """One made-up person, by number."""

    number: int
    first_name: str
    last_name: str
    city: str
    loyalty_tier: str

    @property
    def email(self) -> str:
        """An address in a domain that is reserved for examples."""
        return f"customer.{self.number}@example.org"


def customers(numbers: range) -> Iterator[Customer]:
    """Make up customers; a number always gives the same person."""
    for number in numbers:
        chance = random.Random(number)  # noqa: S311 - no secret depends on it
        yield Customer(
            number,
            chance.choice(_FIRST),
            chance.choice(_LAST),
            chance.choice(_CITIES),
            chance.choice(_TIERS),
        )


def changed(people: Sequence[Customer], *, city: str, every: int) -> Sequence[Customer]:
    """Let every so-manyth customer move to another city."""
    return [
        replace(person, city=city) if n % every == 0 else person for n, person in enumerate(people)
    ]


def write(path: Path, people: Sequence[Customer]) -> None:
    """Write an audience file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([getattr(person, column) for column in COLUMNS] for person in people)
