"""Large inputs in little memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from petiole.adapters.files import open_audience
from petiole.core.ports.audience import AudienceRow

READER = """
from petiole.adapters.files import open_audience
rows = sum(1 for _ in open_audience("-").rows())
with open("/proc/self/status") as status:
    peak_kibibytes = next(line.split()[1] for line in status if line.startswith("VmHWM"))
print(rows, int(peak_kibibytes) * 1024)
"""

LINE = b"11000,Jon,Yang,Jon Yang,Male,2020-01-19,Rockhampton\n"


# Not ru_maxrss: under Linux that begins with the size of the parent, which is pytest.
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to see the peak")
@pytest.mark.parametrize(
    "line",
    [LINE, b'{"id": 11000, "name": "Jon Yang", "city": "Rockhampton"}\n'],
    ids=["csv", "jsonl"],
)
def test_hundred_megabytes_through_a_pipe_take_less_than_sixty(line: bytes) -> None:
    block = line * 20_000
    blocks = 100_000_000 // len(block)

    reader = subprocess.Popen(
        [sys.executable, "-c", READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert reader.stdin
    reader.stdin.write(b"id,first,last,name,gender,since,city\n" if line is LINE else b"")
    for _ in range(blocks):
        reader.stdin.write(block)
    told, _ = reader.communicate()

    rows, peak_bytes = map(int, told.split())
    assert rows == blocks * 20_000
    assert peak_bytes < 60_000_000


def test_real_customers_are_read_whole(shared_data: Path) -> None:
    audience = open_audience(shared_data / "adventureworks_customers.csv")

    columns = audience.columns()
    rows = list(audience.rows())

    assert columns is not None
    assert columns[0] == "CustomerKey"
    assert len(rows) == 18_484
    assert all(isinstance(row, AudienceRow) for row in rows)
    assert rows[0] == AudienceRow(
        2,
        {
            "CustomerKey": "11000",
            "First Name": "Jon",
            "Last Name": "Yang",
            "Full Name": "Jon Yang",
            "Gender": "Male",
            "DateFirstPurchase": "2020-01-19",
            "City": "Rockhampton",
        },
    )


def test_international_names_survive(shared_data: Path) -> None:
    rows = list(open_audience(shared_data / "chinook_customers.csv").rows())

    names = [row.values["FirstName"] for row in rows if isinstance(row, AudienceRow)]
    assert len(rows) == 59
    assert {"Luís", "František"} <= set(names)
