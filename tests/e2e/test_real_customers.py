"""The main job on real files: everybody arrives once, field by field, and only changes follow."""

from collections import Counter
from pathlib import Path

from tests.e2e.project import Project, hashed, read_csv, write_csv


def test_customers_arrive_once_each_and_then_only_what_changed(
    project: Project, shared_data: Path
) -> None:
    source = shared_data / "adventureworks_customers.csv"
    customers = {row["CustomerKey"]: row for row in read_csv(source)}
    assert len(customers) == 18_484

    first = project.sync(source, key="CustomerKey")
    after_first = project.ledger()
    second = project.sync(source, key="CustomerKey")
    after_second = project.ledger()

    assert first.returncode == 0, first.stderr
    assert Counter(after_first.changes) == Counter((key, "NEW") for key in customers)
    assert len(after_first.calls) == 185
    assert all(call["records"] in {100, 84} for call in after_first.calls)
    assert after_first.profiles == customers
    assert second.returncode == 0, second.stderr
    assert len(after_second.calls) == 185

    rows = list(customers.values())
    kept = [{**row, "City": f"{row['City']} (moved)"} for row in rows[500:1000]] + rows[1000:]
    new = [{**row, "CustomerKey": f"9{row['CustomerKey']}"} for row in rows[:500]]
    mirrored = kept + new
    path = write_csv(
        project.folder / "next.csv",
        list(rows[0]),
        (list(row.values()) for row in mirrored),
    )
    third = project.sync(path, "--mode", "mirror", key="CustomerKey")
    after_third = project.ledger()

    assert third.returncode == 0, third.stderr
    expected = Counter(
        [(row["CustomerKey"], "REMOVED") for row in rows[:500]]
        + [(row["CustomerKey"], "MODIFIED") for row in rows[500:1000]]
        + [(row["CustomerKey"], "NEW") for row in new]
    )
    assert Counter(after_third.changes[18_484:]) == expected
    assert after_third.profiles == {row["CustomerKey"]: row for row in mirrored}
    assert project.status()["balanced"] is True


def test_international_customers_arrive_by_hashed_address(
    project: Project, shared_data: Path
) -> None:
    project.configure(identifier="hashed-email")
    source = shared_data / "chinook_customers.csv"
    customers = read_csv(source)
    assert len(customers) == 59

    done = project.sync(source, key="Email")

    assert done.returncode == 0, done.stderr
    expected = {
        hashed(row["Email"]): {name: row[name] for name in row if name != "Email"}
        for row in customers
    }
    assert project.ledger().profiles == expected
    stored = b"".join(path.read_bytes() for path in project.folder.glob("petiole.db*"))
    assert not [row for row in customers if row["Email"].encode() in stored]


def test_columns_reach_the_platform_as_mapped(project: Project, shared_data: Path) -> None:
    project.configure(
        tables='[connections.newsletter.fields]\nfirstname = "FirstName"\nland = "Country"\n'
    )
    source = shared_data / "chinook_customers.csv"

    done = project.sync(source, key="CustomerId")

    assert done.returncode == 0, done.stderr
    assert project.ledger().profiles == {
        row["CustomerId"]: {"firstname": row["FirstName"], "land": row["Country"]}
        for row in read_csv(source)
    }
