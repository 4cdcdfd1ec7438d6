"""What the store app pushes: its calls, read and answered as the Data Activation API answers.

Documented by that API: HTTP Basic; 400 for a record that is not to its specification, which is
ignored; 401 for a user that the site does not know; 403 for wrong credentials; and the body of an
error. Seen in a public client: the address and the names in the body. Assumed: success is 200 with
an empty object, and so it is if only some interactions of a call are to specification.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.engagements.basic import Caller, Doorkeeper
from petiole.adapters.canopydeploy.engagements.interaction import (
    ORIGIN,
    InteractionReader,
    Unreadable,
)
from petiole.core.domain.engagement import Engagement, RefusedEngagement
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.errors import ConfigurationError, IdentifierRefused, InvalidSettings
from petiole.core.ports.engagement_receiver import (
    InboundAnswer,
    InboundCall,
    InboundRoute,
    Received,
)
from petiole.hooks import AdapterContext

PARTNER_NUMBERS = {IdentifierType.CUSTOMER_ID: 1010, IdentifierType.HASHED_EMAIL: 1012}
"""Documented, of the app that pushes."""

MOST_INTERACTIONS = 1_000
MOST_BYTES = 1_000_000
"""Of one call. Assumed: the app sends one interaction, or a few."""
MOST_DEPTH = 32
MOST_KEPT = 4_000
"""Characters of what was refused."""

_PATH = re.compile(r".*/v1/site-([0-9]{1,18})/profiles/([0-9]{1,9})/interactions/?")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
_HEADERS = {"Content-Type": "application/json;charset=utf-8"}
_CHALLENGE = {**_HEADERS, "WWW-Authenticate": 'Basic realm="petiole"'}
_WELCOME = InboundAnswer(status=200, body=b"{}", headers=_HEADERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where calls arrive: the site, and the one partner number that fits the connection."""

    site: int
    partner_number: int


class StoreAppReceiver:
    """Satisfies `EngagementReceiver`."""

    def __init__(
        self,
        context: AdapterContext[AccountSettings],
        *,
        address: Address,
        doorkeeper: Doorkeeper,
        reader: InteractionReader,
    ) -> None:
        self._connection = context.connection
        self._type = context.identifier
        self._address = address
        self._doorkeeper = doorkeeper
        self._reader = reader

    def routes(self) -> Sequence[InboundRoute]:
        """Name the call with the partner number that fits, and the same with any other.

        Another one is refused here, unless another connection of the site names it.
        """
        site, number = self._address.site, self._address.partner_number
        return [
            InboundRoute(method="POST", path=f"/v1/site-{site}/profiles/{partner}/interactions")
            for partner in (number, "{partner}")
        ]

    def admits(self, headers: Mapping[str, str]) -> InboundAnswer | None:
        """Compare the credentials. Where ours cannot be read, the caller is to come again."""
        try:
            caller = self._doorkeeper.recognise(headers.get("authorization", ""))
        except ConfigurationError:
            return _refusal(503, "the receiver is not set up; try again later")
        match caller:
            case Caller.KNOWN:
                return None
            case Caller.STRANGER:
                return _refusal(401, "this site knows no such user", _CHALLENGE)
            case Caller.IMPOSTOR:
                return _refusal(403, "the credentials are wrong")

    def receive(self, call: InboundCall) -> Received:
        """Read every interaction by itself: one that is malformed costs its neighbours nothing."""
        path = _PATH.fullmatch(call.path)
        if path is None or int(path[1]) != self._address.site:
            return Received(answer=_refusal(401, "the site is not known here"))
        try:
            identifier = self._identifier(int(path[2]), call.query.get("partnerId", ""))
            interactions = _interactions(call.body)
        except Unreadable as error:
            reason = str(error)
            kept = call.body[:MOST_KEPT].decode(errors="replace")
            refused = self._refused(call, reason, kept)
            return Received(answer=_refusal(400, reason), refused=(refused,))
        return self._read(call, interactions, identifier)

    def _read(
        self, call: InboundCall, interactions: Sequence[object], identifier: Identifier
    ) -> Received:
        engagements: list[Engagement] = []
        refused: list[RefusedEngagement] = []
        for interaction in interactions:
            try:
                engagements.append(
                    self._reader.read(
                        interaction, identifier=identifier, received_at=call.received_at
                    )
                )
            except Unreadable as error:
                refused.append(self._refused(call, str(error), _written(interaction)))
        answer = _WELCOME if engagements else _refusal(400, refused[0].reason)
        return Received(answer=answer, engagements=engagements, refused=refused)

    def _identifier(self, partner_number: int, partner_id: str) -> Identifier:
        """Take the identifier. Documented both ways: 1010 is a customer id, or a hash of one."""
        if partner_number != self._address.partner_number:
            raise Unreadable("the partner number does not fit this connection's identifiers")
        try:
            if self._type is IdentifierType.HASHED_EMAIL:
                return Identifier.hashed_email(partner_id)
            is_digest = _DIGEST.fullmatch(partner_id) is not None
            return Identifier.customer_id(partner_id.lower() if is_digest else partner_id)
        except IdentifierRefused as error:
            raise Unreadable(f"`partnerId`: {error}") from None

    def _refused(self, call: InboundCall, reason: str, content: str) -> RefusedEngagement:
        return RefusedEngagement(
            connection=self._connection,
            origin=ORIGIN,
            received_at=call.received_at,
            reason=reason,
            content=content[:MOST_KEPT].replace("\0", "\N{REPLACEMENT CHARACTER}"),
        )


@contextmanager
def open_receiver(context: AdapterContext[AccountSettings]) -> Iterator[StoreAppReceiver]:
    """Open the receiver of one connection.

    Raises:
        InvalidSettings: the connection has no table `push`.
        MissingSecret: the password is not where the settings say.
    """
    push = context.settings.push
    if push is None:
        raise InvalidSettings(
            f"connections.{context.connection}: to receive engagements, tell in a table `push` "
            "what the store app was told: site, username and password"
        )
    push.password.reveal()
    yield StoreAppReceiver(
        context,
        address=Address(
            site=push.site,
            partner_number=push.partner_number or PARTNER_NUMBERS[context.identifier],
        ),
        doorkeeper=Doorkeeper(push.username, push.password),
        reader=InteractionReader(context.connection, site=push.site, types=push.types),
    )


def _interactions(body: bytes) -> Sequence[object]:
    if len(body) > MOST_BYTES:
        raise Unreadable(f"the body is larger than {MOST_BYTES} bytes")
    try:
        text = body.decode("utf-8-sig")
        _refuse_depth(text)
        document: object = json.loads(text)
    except ValueError:
        raise Unreadable("the body is no JSON") from None
    found = document.get("interactions") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise Unreadable("the body is no object with a list of `interactions`")
    if not found:
        raise Unreadable("there are no `interactions`")
    if len(found) > MOST_INTERACTIONS:
        raise Unreadable(f"there are more than {MOST_INTERACTIONS} `interactions`")
    return found


def _refuse_depth(text: str) -> None:
    """Look how deep a document is before a parser goes there: it has a call for each level."""
    if text.count("[") + text.count("{") <= MOST_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MOST_DEPTH:
            raise Unreadable(f"the body is more than {MOST_DEPTH} levels deep")


def _written(interaction: object) -> str:
    """Write an interaction again, in ASCII: no text of it can be one that nobody can store."""
    return json.dumps(interaction)


def _refusal(status: int, message: str, headers: Mapping[str, str] = _HEADERS) -> InboundAnswer:
    body = json.dumps({"errorCode": status, "message": message})
    return InboundAnswer(status=status, body=body.encode(), headers=headers)
