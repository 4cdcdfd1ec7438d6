"""E-mails: the contents that a mailing sends, and who may be sent them in one go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from threading import RLock

from petiole.plugins.canopydeploy.sandbox.crm.customer import SOAP_USER
from petiole.plugins.canopydeploy.sandbox.crm.errors import InvalidName, InvalidValue
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now
from petiole.plugins.canopydeploy.sandbox.crm.table import Table

EMAIL_TEXTS = (
    "defaultMailingType",
    "folder",
    "class",
    "type",
    "name",
    "fromAddress",
    "fromName",
    "replyToAddress",
    "replyToName",
    "subject",
    "htmlContent",
    "textContent",
)
"""The text fields that a client may write, by the vendor's name."""

EMAIL_TYPES = frozenset({"HTML", "TEXT", "MULTIPART"})
FIRST_EMAIL_ID = 501


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of content."""

    id: int | None
    name: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockContainer:
    """A place in a mail that holds one of several blocks."""

    id: int | None
    name: str
    type: str
    default_block_id: int | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailDraft:
    """What a caller says about an e-mail; whatever is absent or None stays as it is."""

    id: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    template_id: int | None = None
    campaign_id: int | None = None
    blocks: tuple[BlockContainer, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A stored e-mail."""

    id: int
    texts: Mapping[str, str]
    template_id: int | None
    campaign_id: int | None
    blocks: tuple[BlockContainer, ...]
    created_at: datetime
    modified_at: datetime
    created_by: str = SOAP_USER
    modified_by: str = SOAP_USER

    def text(self, name: str) -> str:
        """Answer a text field, empty if it was never set."""
        return self.texts.get(name, "")


class Emails:
    """The e-mail table."""

    def __init__(self, *, lock: RLock, now: Now) -> None:
        self.lock = lock
        self._now = now
        self._ids = count(FIRST_EMAIL_ID)
        self._rows = Table[Email]("Email")

    @locked
    def insert(self, draft: EmailDraft) -> Email:
        """Store a new e-mail under the next id.

        Raises:
            InvalidValue: It has no type, or an unknown one.
            InvalidName: It has no name.
        """
        texts = _checked(draft.texts)
        moment = self._now()
        row = Email(
            id=next(self._ids),
            texts=texts,
            template_id=draft.template_id,
            campaign_id=draft.campaign_id,
            blocks=draft.blocks or (),
            created_at=moment,
            modified_at=moment,
        )
        self._rows[row.id] = row
        return row

    @locked
    def update(self, draft: EmailDraft) -> Email:
        """Change what the draft names.

        Raises:
            NotFound: No e-mail has `draft.id`.
            InvalidValue: The type would be unknown.
            InvalidName: The name would be empty.
        """
        row = self.get(draft.id)
        self._rows[row.id] = replace(
            row,
            texts=_checked({**row.texts, **draft.texts}),
            template_id=row.template_id if draft.template_id is None else draft.template_id,
            campaign_id=row.campaign_id if draft.campaign_id is None else draft.campaign_id,
            blocks=row.blocks if draft.blocks is None else draft.blocks,
            modified_at=self._now(),
        )
        return self._rows[row.id]

    @locked
    def delete(self, email_id: int) -> bool:
        """Remove an e-mail; False if there is none."""
        return self._rows.pop(email_id, None) is not None

    @locked
    def get(self, email_id: int | None) -> Email:
        """Find one by id.

        Raises:
            NotFound: There is none.
        """
        return self._rows.find(email_id)

    @locked
    def where(self, wanted: Callable[[Email], bool]) -> Sequence[Email]:
        """Find all that the predicate accepts, oldest first."""
        return tuple(row for row in self._rows.values() if wanted(row))


def _checked(texts: Mapping[str, str]) -> dict[str, str]:
    """Keep the known fields; the type is looked at before the name, as public tests expect."""
    if (kind := texts.get("type", "")) not in EMAIL_TYPES:
        raise InvalidValue(f"Undefined mailtype ({kind})")
    if not (name := texts.get("name", "")):
        raise InvalidName(f"invalid content name [{name}]")
    return {name: texts[name] for name in EMAIL_TEXTS if name in texts}
