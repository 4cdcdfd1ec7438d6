"""The durable store: outbox, dead letters, history, ledger and states in one SQLite file."""

from petiole.adapters.sqlite.store import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store"]
