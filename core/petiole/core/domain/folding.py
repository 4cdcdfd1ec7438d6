"""Folding: two pending changes of one profile become the one change that has the same effect.

The laws, for histories that a source can produce (a profile is added only while absent, updated or
removed only while present; an add carries the whole profile): folding, then applying, equals
applying all in order; folding is associative. The outbox counts every fold.
"""

from dataclasses import replace

from petiole.core.domain.change import ChangeKind, ProfileChange
from petiole.core.domain.fields import Fields


def fold(earlier: ProfileChange, later: ProfileChange, *, held: bool) -> ProfileChange:
    """Combine two changes of one profile in one scope.

    The result keeps the earlier change's id and time: it has waited since then.

    Args:
        earlier: the change that was enqueued first and has never been sent.
        later: the one that follows it directly.
        held: whether the platform holds the profile before `earlier` takes effect.

    Returns:
        add+update = add, anything+remove = remove (the platform may know the profile from before),
        remove+add = update if held, else add; in all other cases the earlier kind stays and the
        later field wins.
    """
    if later.kind is ChangeKind.REMOVE:
        return replace(earlier, kind=ChangeKind.REMOVE, fields=Fields(), fingerprint=None)
    if earlier.kind is ChangeKind.REMOVE:
        kind = ChangeKind.UPDATE if held else ChangeKind.ADD
        return replace(earlier, kind=kind, fields=later.fields, fingerprint=later.fingerprint)
    fields = earlier.fields.merged_with(later.fields)
    return replace(earlier, fields=fields, fingerprint=later.fingerprint)
