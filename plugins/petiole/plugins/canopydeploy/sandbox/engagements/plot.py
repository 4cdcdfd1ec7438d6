"""What each recipient of a mail does and when, by seed."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from petiole.plugins.canopydeploy.sandbox.crm import Act, Deed, Part, usual_acts
from petiole.plugins.canopydeploy.sandbox.crm.act import usual_link
from petiole.plugins.canopydeploy.sandbox.engagements.request import Deeds, Engagement, Share

_SCANNER_SECONDS = 4.0
"""How soon after it came a scanner looks at a mail."""

_ORDER = (Act.OPEN, Act.CLICK, Act.COMPLAINT, Act.BOUNCE, Act.SOFT_BOUNCE)


class Plot:
    """The parts of all recipients, by place; equal requests make equal plots."""

    def __init__(self, engagement: Engagement, *, recipients: int, start: datetime) -> None:
        self._asked = engagement
        self._start = start
        self._end = start + timedelta(seconds=engagement.span_seconds)
        self._chance = random.Random(engagement.seed)  # noqa: S311 - it guards nothing
        acts = engagement.acts
        if isinstance(acts, Share):
            self._acts = self._shared(acts, recipients)
        else:
            self._acts = [
                frozenset(acts[place % len(acts)] if acts else usual_acts(place))
                for place in range(recipients)
            ]
        received = [
            place
            for place, each in enumerate(self._acts)
            if each is not None and not each & {Act.BOUNCE, Act.SOFT_BOUNCE}
        ]
        scanned = self._chance.sample(received, round(engagement.machine_share * len(received)))
        self._scanned = frozenset(scanned)
        self._parts = [self._made(place) for place in range(recipients)]

    def part(self, place: int) -> Part | None:
        """Return what becomes of the mail of the recipient at a place; None if none comes."""
        return self._parts[place]

    def _shared(self, share: Share, recipients: int) -> list[Deeds | None]:
        """Give each act to its share of the recipients; who clicks has opened, if enough do."""
        acts: list[Deeds | None] = [None] * recipients
        places = self._chance.sample(range(recipients), recipients)
        bounced, soft = (round(each * recipients) for each in (share.bounce, share.soft_bounce))
        received = min(round(share.receive * recipients), recipients - bounced - soft)
        for place in places[:bounced]:
            acts[place] = frozenset({Act.BOUNCE})
        for place in places[bounced : bounced + soft]:
            acts[place] = frozenset({Act.SOFT_BOUNCE})
        receivers = places[bounced + soft :][: max(received, 0)]
        complaining = round(share.complaint * recipients)
        complaining = min(complaining, len(receivers))
        complainers = frozenset(self._chance.sample(receivers, complaining))
        for rank, place in enumerate(receivers):
            acts[place] = frozenset(
                act
                for act, is_theirs in (
                    (Act.OPEN, rank < round(share.open * recipients)),
                    (Act.CLICK, rank < round(share.click * recipients)),
                    (Act.COMPLAINT, place in complainers),
                )
                if is_theirs
            )
        return acts

    def _made(self, place: int) -> Part | None:
        acts = self._acts[place]
        if acts is None:
            return None
        arrives_at = at = self._between(self._start, self._end)
        deeds = self._machine(arrives_at) if place in self._scanned else []
        for act in _ORDER:
            if act not in acts:
                continue
            at = self._between(at, self._end)
            if act in {Act.OPEN, Act.CLICK}:
                made = self._repeated(act, at, place)
                deeds += made
                at = made[0].at or at
            else:
                deeds.append(Deed(act=act, at=at))
        return Part(arrives_at=arrives_at, deeds=sorted(deeds, key=self._when))

    def _repeated(self, act: Act, at: datetime, place: int) -> list[Deed]:
        """Let a recipient open, or follow links, and perhaps do so again."""
        deeds = []
        for link in self._links(place) if act is Act.CLICK else (0,):
            more = self._chance.randint(0, self._asked.repeats)
            moments = [at, *(self._between(at, self._end) for _ in range(more))]
            deeds += [Deed(act=act, at=moment, link=link) for moment in moments]
        return deeds

    def _links(self, place: int) -> Sequence[int]:
        links = len(self._asked.staging.links)
        if isinstance(self._asked.acts, Share):
            return self._chance.sample(range(links), self._chance.randint(1, links))
        return [usual_link(place) % links]

    def _machine(self, arrived: datetime) -> list[Deed]:
        """Let a scanner open a mail and follow every link of it, soon after it came."""
        latest = min(self._end, arrived + timedelta(seconds=_SCANNER_SECONDS))
        opened = self._between(arrived, latest)
        clicks = [
            Deed(act=Act.CLICK, at=self._between(opened, latest), link=link, by_machine=True)
            for link in range(len(self._asked.staging.links))
        ]
        return [Deed(act=Act.OPEN, at=opened, by_machine=True), *clicks]

    def _between(self, first: datetime, last: datetime) -> datetime:
        """Choose a moment, to the millisecond."""
        span = max(0, int((last - first).total_seconds() * 1000))
        return first + timedelta(milliseconds=self._chance.randint(0, span))

    def _when(self, deed: Deed) -> datetime:
        return deed.at or self._start
