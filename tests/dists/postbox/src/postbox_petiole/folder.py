"""A platform that is a folder: one folder a segment, one file a profile."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from petiole.core.domain.campaign import Campaign
from petiole.core.domain.change import ChangeKind, SegmentId
from petiole.core.domain.message import Message
from petiole.core.domain.report import ACCEPTED, DeliveryReport, Outcome, Rejected
from petiole.core.ports.campaign_source import CampaignSource
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterContext, AdapterSpec, AnyAdapterSpec


class FolderSettings(BaseModel):
    model_config = ConfigDict(frozen=True)

    folder: Path
    """Where profiles are put."""
    refuse: str = ""
    """The identifier that this platform does not like."""


class Folder:
    def __init__(self, settings: FolderSettings) -> None:
        self._settings = settings

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        return DeliveryReport({message.id: self._put(message) for message in messages})

    def campaigns(self) -> Sequence[Campaign]:
        names = sorted(path.name for path in self._settings.folder.iterdir())
        return [Campaign(SegmentId(name), name) for name in names]

    def _put(self, message: Message) -> Outcome:
        change = message.change
        if change.identifier.value == self._settings.refuse:
            return Rejected("E13", "this box is full")
        path = self._settings.folder / change.scope.segment / f"{change.identifier.value}.json"
        if change.kind is ChangeKind.REMOVE:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(change.fields.values()), encoding="utf-8")
        return ACCEPTED


@contextmanager
def open_folder(context: AdapterContext[FolderSettings]) -> Iterator[Folder]:
    yield Folder(context.settings)


ADAPTERS: Sequence[AnyAdapterSpec] = (
    AdapterSpec(id="postbox.letters", port=ProfileSink, settings=FolderSettings, open=open_folder),
    AdapterSpec(
        id="postbox.telegrams", port=ProfileSink, settings=FolderSettings, open=open_folder
    ),
    AdapterSpec(
        id="postbox.campaigns", port=CampaignSource, settings=FolderSettings, open=open_folder
    ),
)
