"""What the two REST APIs have in common: token, formats, JSON bodies, pages of a list.

Documented by the vendor: `?token=`, JSON as the default format, the error header. Assumed: Bearer,
the statuses, and paging.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar

from petiole.plugins.canopydeploy.sandbox.access import Access
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Refusal, Request

MOST_LISTED = 1000
"""The most records of one answer; as many come where no `limit` is given."""

LONGEST_NUMBER = 9
"""Digits of a `limit` or an `offset`."""

Handler = Callable[[], Answer]

Item = TypeVar("Item")


def admit(request: Request, *, access: Access, size_limit_bytes: int) -> None:
    """Refuse a call without a working token, and one that is too large."""
    if not access.admits(request):
        raise Refusal(HTTPStatus.UNAUTHORIZED, "the token is missing or does not work")
    if len(request.body) > size_limit_bytes:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")


def called(methods: Mapping[str, Handler], request: Request) -> Answer:
    """Call the handler of the request's method; refuse other methods, and formats but JSON."""
    if request.method not in methods:
        allow = {"Allow": ", ".join(methods)}
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"no {request.method} here", headers=allow)
    wanted = request.query.get("format", "json")
    if wanted != "json":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"no format {wanted} here")
    return methods[request.method]()


def sent(request: Request) -> dict[str, object]:
    """Return the JSON object in the body."""
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if media.lower() != "application/json":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"no content type {media} here")
    try:
        content = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not valid JSON") from None
    if not isinstance(content, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not a JSON object")
    return content


def paged(items: Sequence[Item], request: Request) -> Sequence[Item]:
    """Return the part of a list that `limit` and `offset` ask for."""
    limit = _number(request, "limit", MOST_LISTED)
    offset = _number(request, "offset", 0)
    if not 1 <= limit <= MOST_LISTED:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"limit must be from 1 to {MOST_LISTED}")
    return items[offset : offset + limit]


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} must be a number")
    return int(text)
