"""Keeps the headers of our answers out of httpcore's debug lines.

The platform may repeat the token there: a redirect, for one, often carries the whole query along.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOGGER = logging.getLogger("httpcore.http11")
_SHOWS_HEADERS = "receive_response_headers.complete"

_ours: ContextVar[bool] = ContextVar("ours", default=False)


def _tells_nothing(record: logging.LogRecord) -> bool:
    return not (_ours.get() and str(record.msg).startswith(_SHOWS_HEADERS))


_LOGGER.addFilter(_tells_nothing)


@contextmanager
def headers_unlogged() -> Iterator[None]:
    """Drop those lines for what this thread does; other users of httpcore keep theirs."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)
