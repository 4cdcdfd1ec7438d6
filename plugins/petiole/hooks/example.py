"""The example of a manifest: what a new user starts from, so that it has to work as it stands."""

import tomllib

_BEFORE = "before"


def example_trouble(example: str, plugin: str) -> str:
    """Tell why an example is no good start, or would harm others in the same file; or nothing."""
    if not example.strip():
        return ""
    try:
        tomllib.loads(example)
        # As in a file that `petiole init` writes: another table goes before it.
        document = tomllib.loads(f"[{_BEFORE}]\n{example}")
    except tomllib.TOMLDecodeError as error:
        return f"is not valid TOML: {error}"
    strangers = [*document.pop(_BEFORE), *(key for key in document if key != "connections")]
    if strangers:
        return f"holds {strangers[0]!r}; only [connections.NAME] may stand in it"
    connections = document.get("connections", {})
    if not connections:
        return "holds no connection; begin with [connections.NAME]"
    troubles = (_trouble_of(name, keys, plugin) for name, keys in connections.items())
    return next(filter(None, troubles), "")


def _trouble_of(name: str, keys: object, plugin: str) -> str:
    if not isinstance(keys, dict):
        return f"connections.{name} is no table; write [connections.{name}]"
    if keys.get("plugin") != plugin:
        return f'connections.{name} must say plugin = "{plugin}"'
    if "identifier" not in keys:
        return f'connections.{name} lacks `identifier`, such as "customer-id"'
    return ""
