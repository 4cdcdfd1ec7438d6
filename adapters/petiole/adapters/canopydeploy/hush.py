"""Keeps the headers of our answers out of httpcore's debug lines.

The platform may repeat the token there: a redirect, for one, often carries the whole query along.
"""

import logging
from contextvars import ContextVar

_LOGGER = logging.getLogger("httpcore.http11")
_SHOWS_HEADERS = "receive_response_headers.complete"

_ours: ContextVar[bool] = ContextVar("ours", default=False)


def _tells_nothing(record: logging.LogRecord) -> bool:
    return not (_ours.get() and str(record.msg).startswith(_SHOWS_HEADERS))


_LOGGER.addFilter(_tells_nothing)


class HeadersUnlogged:
    """Drops those lines for what this thread does; other users of httpcore keep theirs."""

    def __enter__(self) -> None:
        self._token = _ours.set(True)

    def __exit__(self, *exc_info: object) -> None:
        _ours.reset(self._token)
