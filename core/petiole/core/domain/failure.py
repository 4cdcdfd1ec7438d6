"""Failures that are alike: told apart by code and words, whatever numbers and names stand in them.

So that a thousand dead letters with one cause read, and are handled, as one.
"""

import hashlib
import re
from typing import NewType

FailureFingerprint = NewType("FailureFingerprint", str)
"""Eight hex digits: the same for failures of one cause."""

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_NUMBERED = re.compile(r"\b\w*\d\w*\b")
_DIGEST_BYTES = 4


def failure_fingerprint(code: str, reason: str) -> FailureFingerprint:
    """Tell the fingerprint of a failure: its code, and its words without what varies in them."""
    told = _NUMBERED.sub("#", _QUOTED.sub("…", reason)).casefold()
    whole = f"{code}\n{' '.join(told.split())}".encode()
    return FailureFingerprint(hashlib.blake2b(whole, digest_size=_DIGEST_BYTES).hexdigest())
