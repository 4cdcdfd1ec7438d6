"""Rows of one kind, by id."""

from typing import TypeVar

from petiole.plugins.canopydeploy.sandbox.crm.errors import NotFound

_R = TypeVar("_R")


class Table(dict[int, _R]):
    """A dictionary that says which kind of row it has not found; an id of None finds nothing."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    def find(self, row_id: int | None) -> _R:
        """Find one by id.

        Raises:
            NotFound: There is none.
        """
        row = None if row_id is None else self.get(row_id)
        if row is None:
            raise NotFound(self._kind, row_id)
        return row
