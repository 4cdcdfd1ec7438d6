"""The durable store: outbox, ledger, bookkeeping and connection states in one SQLite file."""

from petiole.adapters.sqlite.store import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store"]
