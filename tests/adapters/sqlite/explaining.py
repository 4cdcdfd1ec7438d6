"""The statements inside a trigger, which tells no plan as a whole."""

import re
from collections.abc import Sequence


def statements_of(script: str) -> Sequence[str]:
    """Cut the only trigger of a script into statements that can be explained by themselves."""
    body = script.partition(" BEGIN\n")[2].rpartition("END;")[0]
    body = re.sub(r"NEW\.(\w+)", r":\1", body)
    body = re.sub(r"RAISE\(ABORT, '[^']*'\)", "1", body)
    return [" ".join(sql.split()) for sql in body.split(";") if sql.strip()]
