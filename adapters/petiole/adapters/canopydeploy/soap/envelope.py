"""Looks at an answer before a SOAP library guesses what it is.

A page in HTML, an empty 200, a body that is cut off, a fault under any status and a redirect each
have a meaning of their own. Only a whole result, in the namespace of the call, is let through.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from lxml import etree

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.codes import OTHER
from petiole.adapters.canopydeploy.faults import of_answer
from petiole.adapters.canopydeploy.soap.faults import Refused, of_fault
from petiole.core.errors import Ambiguous, DeliveryError, EndpointRefused

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

_PAGES = (b"<!doctype html", b"<html")
_BODY = f"{{{SOAP}}}Body"
_FAULT = f"{{{SOAP}}}Fault"
_NO_BLAME = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Statuses that say more than a fault beside them: nothing is buried for these."""


class _Unreadable(Exception):
    """This is no answer of a SOAP interface."""


def require_result(answer: Answer, call: etree.QName, *, clean: Callable[[str], str]) -> str:
    """Let a success pass that answers `call`, the qualified name of an operation.

    Returns:
        the text of its `msg`, which is empty where that has parts.

    Raises:
        Refused: the platform answered a fault that blames the call, or a code other than 0.
        InvalidCredentials: it refused the token.
        Ambiguous: it said yes, or may have, in a way that cannot be read.
        DeliveryError: the others as the status tells.
    """
    try:
        content = _content(answer)
    except _Unreadable as error:
        if answer.accepted:
            raise Ambiguous(
                f"the platform answered {answer.status}, but {error}", code=OTHER
            ) from None
        raise _by_status(answer, clean) from None
    if content.tag == _FAULT and answer.status not in _NO_BLAME:
        raise of_fault(_text(content, "faultcode"), clean(_text(content, "faultstring")))
    if not answer.accepted:
        raise _by_status(answer, clean)
    _require_parts(content, call)
    _require_success(content, clean)
    if [etree.QName(part).localname for part in content] != ["code", "msg"]:
        raise Ambiguous("the answer does not fit the WSDL: more than code and msg", code=OTHER)
    return _text(content, "msg")


def parsed(body: bytes) -> etree._Element:
    """Parse XML from outside: no document type, hence no entities; nothing is fetched.

    Raises:
        ValueError: it is cut off, or no XML at all, or has a document type declaration.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        # The library's message quotes from the body.
        raise ValueError("it is cut off, or no XML") from None
    if _has_doctype(root):
        raise ValueError("it has a document type declaration, which SOAP forbids")
    return root


def _has_doctype(root: etree._Element) -> bool:
    found: etree.DTD | None = root.getroottree().docinfo.internalDTD
    return found is not None


def no_document(answer: Answer) -> str:
    """Tell why an answer is no document of a SOAP interface at first sight, or nothing."""
    if not answer.body.strip():
        return "the answer is empty"
    if answer.media == "text/html" or answer.body[:1000].lstrip().lower().startswith(_PAGES):
        return "it is an HTML page"
    return ""


def _content(answer: Answer) -> etree._Element:
    """Return what stands in the body of the envelope."""
    if reason := no_document(answer):
        raise _Unreadable(reason)
    try:
        root = parsed(answer.body)
    except ValueError as error:
        raise _Unreadable(str(error)) from None
    body = root.find(_BODY) if root.tag == f"{{{SOAP}}}Envelope" else None
    if body is None or len(body) != 1:
        raise _Unreadable("it is no SOAP envelope with one result")
    return body[0]


def _require_parts(content: etree._Element, call: etree.QName) -> None:
    found = etree.QName(content)
    if found.localname != f"{call.localname}Response":
        raise Ambiguous("the answer is that to another call", code=OTHER)
    if found.namespace != call.namespace:
        # Sending again would start the campaign again and read no better.
        raise EndpointRefused(
            f"the platform answers in the namespace {found.namespace}, not in {call.namespace}; "
            "set `portal` to the one that the token's user logs in to",
            code=OTHER,
        )
    parts = {etree.QName(part).localname for part in content}
    if missing := {"code", "msg"} - parts:
        raise Ambiguous(f"the answer lacks {' and '.join(sorted(missing))}", code=OTHER)


def _require_success(content: etree._Element, clean: Callable[[str], str]) -> None:
    """Seen: 0 is success, and the text of a failure stands in `msg`, whatever its type."""
    code = _text(content, "code")
    if code == "0":
        return
    if not code.lstrip("-").isdecimal():
        raise Ambiguous("the answer's code cannot be read", code=OTHER)
    raise Refused(code, clean(_text(content, "msg")))


def _by_status(answer: Answer, clean: Callable[[str], str]) -> DeliveryError:
    return of_answer(answer, quota=None, now=datetime.now(UTC), clean=clean, address="soap_url")


def _text(whole: etree._Element, name: str) -> str:
    """Read a part, whether or not it is in a namespace."""
    for part in whole:
        if etree.QName(part).localname == name:
            return (part.text or "").strip()
    return ""
