"""The page at `/_sandbox/`: what the twin holds, for a person, without scripts."""

from petiole.plugins.canopydeploy.sandbox.platform import State


def page(state: State) -> str:
    """Return the page as HTML."""
    return f"<!doctype html><title>Sandbox</title><p>{len(state.ledger.calls())} calls"
