"""The marks that join implementations to hooks."""

import pluggy

PROJECT = "petiole"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
