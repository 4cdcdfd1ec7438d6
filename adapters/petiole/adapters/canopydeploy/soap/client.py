"""Calls operations of the platform: arguments in, the content of `msg` out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import zeep.exceptions
from zeep import Client

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.credentials import Credentials
from petiole.adapters.canopydeploy.faults import CATEGORIES, OTHER
from petiole.adapters.canopydeploy.record import CallRecord, cleaning, of_operation
from petiole.adapters.canopydeploy.soap.faults import Refused
from petiole.adapters.canopydeploy.soap.interface import READING, Interface, interface
from petiole.adapters.canopydeploy.soap.transport import XML, Line, Result
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.domain.message import Message
from petiole.core.errors import Ambiguous, DeliveryError
from petiole.core.exchange import Exchange

_YES_OR_NO = frozenset({"true", "false", "1", "0"})


@dataclass(frozen=True, slots=True)
class Told:
    """A yes or a no, and the call behind it."""

    yes: bool
    exchange: Exchange


class SoapClient:
    """One account's operations. Building one touches no network; threads may share it."""

    def __init__(self, line: Line, *, interface: Interface, credentials: Credentials) -> None:
        self._line = line
        self._credentials = credentials
        self._client = Client(interface.document, transport=line, settings=READING)  # type: ignore[no-untyped-call]
        self._binding = interface.binding

    def call(self, operation: str, **arguments: object) -> object:
        """Call an operation of the shipped interface, and return what stands in `msg`.

        Args:
            operation: its name.
            arguments: those after the token, by name.

        Raises:
            Refused: the platform said no to this call, or it cannot be written as XML.
            DeliveryError: as `ports.profile_sink` tells.
        """
        message, result = self._called(operation, arguments)
        if message is None and result.text:
            raise _unreadable("the answer holds something else than it should", result)
        return message

    def flag(self, operation: str, about: Message, **arguments: object) -> Told:
        """Call an operation that answers yes or no; otherwise like `call`.

        What stands in the message that the call is `about` shows in no error and no record.
        """
        message, result = self._called(operation, arguments, about)
        # zeep takes for a no whatever is no yes.
        if not isinstance(message, bool) or result.text not in _YES_OR_NO:
            raise _unreadable("the answer says neither true nor false", result)
        return Told(yes=message, exchange=result.exchange)

    def _called(
        self, operation: str, arguments: Mapping[str, object], about: Message | None = None
    ) -> tuple[object, Result]:
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
            envelope = self._client.create_message(  # type: ignore[no-untyped-call]
                self._client.service, operation, uuid=token, **arguments
            )
        except (TypeError, ValueError, zeep.exceptions.Error) as error:
            reason = f"the call cannot be written as XML: {clean(str(error))}"
            raise Refused(OTHER, reason) from None
        try:
            result = self._line.post_xml(envelope, begun=begun, clean=clean)
        except (DeliveryError, Refused) as error:
            if error.code not in CATEGORIES:
                error.code = clean(error.code) or OTHER
            raise
        try:
            return self._read(operation, result), result
        except (AttributeError, TypeError, ValueError, zeep.exceptions.Error) as error:
            # zeep puts pieces of the answer into its messages.
            what = f"the answer does not fit the WSDL ({type(error).__name__})"
            raise _unreadable(what, result) from None

    def _read(self, operation: str, result: Result) -> object:
        described = self._binding.get(operation)  # type: ignore[no-untyped-call]
        reply = self._binding.process_reply(self._client, described, result)  # type: ignore[no-untyped-call]
        message: object = reply.msg
        return message


@contextmanager
def open_client(
    settings: AccountSettings, *, transport: httpx.BaseTransport | None = None
) -> Iterator[SoapClient]:
    """Open a client for one connection; nothing is sent before the first call.

    Args:
        settings: the account.
        transport: the wire seam. What stands here receives every call, with the token in it,
            instead of the network. It is called from many threads, and is not closed.

    Raises:
        MissingSecret: the token is not where the settings say.
    """
    settings.token.reveal()
    with Poster(
        settings.call_url,
        None,
        timeout_seconds=settings.timeout.total_seconds(),
        headers=XML,
        transport=transport,
    ) as poster:
        yield SoapClient(
            Line(poster),
            interface=interface(settings.portal),
            credentials=Credentials(settings.token, auth="bearer", username=None),
        )


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
