"""A made-up audience of any size: eleven columns, about 300 bytes a profile as JSON."""

import csv
from collections.abc import Iterator
from pathlib import Path

COLUMNS = (
    "email",
    "firstname",
    "lastname",
    "gender",
    "first_purchase",
    "city",
    "street",
    "loyalty_tier",
    "loyalty_points",
    "last_order",
    "newsletter",
)
KEY = COLUMNS[0]

_FIRST = (
    "Sanne",
    "Joris",
    "Zoë",
    "Luís",
    "Bjørn",
    "Aïcha",
    "Noor",
    "Émile",
    "Mila",
    "Søren",
    "Ana",
)
_LAST = ("de Vries", "Bakker", "Gonçalves", "Köhler", "Nowak", "Ó Briain", "Jansen")
_CITIES = ("Köln", "Århus", "Kraków", "Malmö", "Zürich", "Besançon", "Łódź", "Málaga", "Tromsø")
_STREETS = ("Hohenzollernring", "Rue de la République", "Lange Nieuwstraat", "Calle de Alcalá")
_TIERS = ("bronze", "silver", "gold")
_ORDERS = (
    "Road-150 Red, 48",
    "Touring-1000 Blue, 46",
    "Sport-100 Helmet",
    "Mountain-200 Black, 38",
)
_LETTERS = ("daily", "weekly", "monthly", "never")


def write(path: Path, rows: int, *, changed_every: int = 0) -> None:
    """Write an audience file; a number always gives the same profile.

    Args:
        path: the CSV file, written row by row, so that any number fits.
        rows: how many profiles.
        changed_every: in every so-manyth row the points differ from a file without; 0 changes none.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_profiles(rows, changed_every))


def _profiles(rows: int, changed_every: int) -> Iterator[tuple[str | int, ...]]:
    for n in range(rows):
        changed = changed_every > 0 and n % changed_every == 0
        yield (
            f"customer.{n}@example.org",
            _FIRST[n % 11],
            _LAST[n % 7],
            "Male" if n % 2 else "Female",
            f"20{n % 20 + 6:02}-{n % 12 + 1:02}-{n % 28 + 1:02}",
            _CITIES[n % 9],
            f"{_STREETS[n % 4]} {n % 199 + 1}",
            _TIERS[n % 3],
            n * 7 % 10_000 + 10_000 * changed,
            _ORDERS[n % 5 % 4],
            _LETTERS[n % 13 % 4],
        )
