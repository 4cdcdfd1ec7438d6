"""Makes calls: arguments in, the content of `msg` out."""

from collections.abc import Callable, Mapping
from typing import Literal

import zeep.exceptions
from lxml import etree
from zeep import Client

from petiole.adapters.canopydeploy.codes import CATEGORIES, OTHER
from petiole.adapters.canopydeploy.credentials import Credentials
from petiole.adapters.canopydeploy.record import CallRecord, cleaning, of_operation
from petiole.adapters.canopydeploy.soap.envelope import SOAP
from petiole.adapters.canopydeploy.soap.faults import Refused
from petiole.adapters.canopydeploy.soap.interface import READING, Offline, interface
from petiole.adapters.canopydeploy.soap.pattern import Pattern
from petiole.adapters.canopydeploy.soap.told import Told
from petiole.adapters.canopydeploy.soap.transport import Line, Result
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.domain.message import Message
from petiole.core.errors import Ambiguous, DeliveryError

_YES_OR_NO: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


class Caller:
    """Makes the calls of one account. May be shared by threads."""

    def __init__(
        self, poster: Poster, *, portal: Literal["secure", "login"], credentials: Credentials
    ) -> None:
        described = interface(portal)
        self._binding = described.binding
        self._client = Client(described.document, transport=Offline(), settings=READING)  # type: ignore[no-untyped-call] # zeep tells no types here
        self._line = Line(poster)
        self._credentials = credentials
        self._patterns: dict[str, Pattern] = {}

    def call(self, operation: str, arguments: Mapping[str, object]) -> object:
        """Call any operation; zeep writes the call and reads the result."""
        result = self._posted(operation, arguments, write=self._rendered)
        try:
            message = self._read(operation, result)
        except (AttributeError, TypeError, ValueError, zeep.exceptions.Error) as error:
            # zeep puts pieces of the answer into its messages.
            what = f"the answer does not fit the WSDL ({type(error).__name__})"
            raise _unreadable(what, result) from None
        if message is None and result.text:
            raise _unreadable("the answer holds something else than it should", result)
        return message

    def flag(self, operation: str, arguments: Mapping[str, object], about: Message) -> Told:
        """Call an operation that answers yes or no; zeep writes the first call only.

        It is not asked to read the answer: it takes for a no whatever is no yes.
        """
        result = self._posted(operation, arguments, write=self._filled, about=about)
        yes = _YES_OR_NO.get(result.text)
        if yes is None:
            raise _unreadable("the answer says neither true nor false", result)
        return Told(yes=yes, exchange=result.exchange)

    def _posted(
        self,
        operation: str,
        arguments: Mapping[str, object],
        *,
        write: Callable[[str, Mapping[str, object]], etree._Element],
        about: Message | None = None,
    ) -> Result:
        token = self._credentials.token()
        clean = cleaning([about] if about else [], secrets=self._credentials.forms)

        def begun(address: str, size_bytes: int) -> CallRecord:
            return of_operation(
                address,
                operation,
                {name: _by_name(value) for name, value in arguments.items()},
                size_bytes=size_bytes,
                clean=clean,
            )

        try:
            envelope = write(operation, {"uuid": token, **arguments})
        except (TypeError, ValueError, zeep.exceptions.Error) as error:
            reason = f"the call cannot be written as XML: {clean(str(error))}"
            raise Refused(OTHER, reason) from None
        try:
            return self._line.post(envelope, begun=begun, clean=clean)
        except (DeliveryError, Refused) as error:
            if error.code not in CATEGORIES:
                error.code = clean(error.code) or OTHER
            raise

    def _rendered(self, operation: str, arguments: Mapping[str, object]) -> etree._Element:
        envelope: etree._Element = self._client.create_message(  # type: ignore[no-untyped-call] # zeep tells no types here
            self._client.service, operation, **arguments
        )
        return envelope

    def _filled(self, operation: str, arguments: Mapping[str, object]) -> etree._Element:
        """Write a call as zeep wrote the first one of its operation."""
        pattern = self._patterns.get(operation)
        if pattern is None:
            shown = self._rendered(operation, arguments)
            pattern = self._patterns[operation] = Pattern.of(shown[-1][0])
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap-env": SOAP})
        pattern.fill(etree.SubElement(envelope, f"{{{SOAP}}}Body"), arguments)
        return envelope

    def _read(self, operation: str, result: Result) -> object:
        described = self._binding.get(operation)  # type: ignore[no-untyped-call] # zeep tells no types here
        reply = self._binding.process_reply(self._client, described, result)  # type: ignore[no-untyped-call] # zeep tells no types here
        message: object = reply.msg
        return message


def _unreadable(what: str, result: Result) -> Ambiguous:
    error = Ambiguous(what, code=OTHER)
    error.exchange = result.exchange
    return error


def _by_name(value: object) -> object:
    """Return the value of an argument; of options, their values by name."""
    match value:
        case {"Option": [*options]}:
            return {option["name"]: option["value"] for option in options}
        case _:
            return value
