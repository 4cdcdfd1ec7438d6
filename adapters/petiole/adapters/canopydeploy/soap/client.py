"""The door to the platform's operations. What stands behind it is loaded at the first call.

zeep and its reading of the description cost a third of a second and 20 MB, and whoever opens a
connection mostly finds that there is nothing to send.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.credentials import Credentials
from petiole.adapters.canopydeploy.soap.told import Told
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.domain.message import Message

if TYPE_CHECKING:
    from petiole.adapters.canopydeploy.soap.caller import Caller

XML: Mapping[str, str] = {
    "Accept": "text/xml",
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": '""',
}
"""Documented: SOAP 1.1, and the action of every operation is empty."""


class SoapClient:
    """One account's operations. Building one touches no network; threads may share it."""

    def __init__(self, caller: Callable[[], "Caller"]) -> None:
        """Take what makes the calls, to be built when the first one is made."""
        self._caller = functools.cache(caller)

    def call(self, operation: str, **arguments: object) -> object:
        """Call an operation of the shipped interface, and return what stands in `msg`.

        Args:
            operation: its name.
            arguments: those after the token, by name.

        Raises:
            Refused: the platform said no to this call, or it cannot be written as XML.
            DeliveryError: as `ports.profile_sink` tells.
        """
        return self._caller().call(operation, arguments)

    def flag(self, operation: str, about: Message, **arguments: object) -> Told:
        """Call an operation that answers yes or no; otherwise like `call`.

        What stands in the message that the call is `about` shows in no error and no record.
        """
        return self._caller().flag(operation, arguments, about)


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

        def caller() -> "Caller":
            from petiole.adapters.canopydeploy.soap.caller import Caller  # noqa: PLC0415 - see above

            credentials = Credentials(settings.token, auth="bearer", username=None)
            return Caller(poster, portal=settings.portal, credentials=credentials)

        yield SoapClient(caller)
