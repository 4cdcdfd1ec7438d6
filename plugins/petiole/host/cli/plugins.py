"""`petiole plugins`: what is installed, what it offers, and why one cannot be used."""

from itertools import chain
from typing import Literal

import rich_click as click

from petiole.core.domain.fields import JsonValue
from petiole.host.cli.main import EXIT_ATTENTION
from petiole.host.cli.output import console, json_option, print_json, say, table
from petiole.host.cli.trying import keys_of, try_all
from petiole.host.installed import FoundPlugin, find_plugins


@click.command("plugins", short_help="List the plugins and what they offer.")
@json_option
@click.option(
    "--schema",
    type=click.Choice(["manifest", "settings"]),
    help="Print a JSON schema instead: of plugin.toml, or of petiole.toml with these plugins.",
)
def command(*, as_json: bool, schema: Literal["manifest", "settings"] | None) -> int:
    """List every installed plugin; one that cannot be used is shown with the reason.

    Each plugin is tried in a process of its own, so that a bad one does no harm. From a schema it
    is left out, and named on standard error.
    """
    if schema:
        from petiole.host.schema import manifest_schema, settings_schema

        if schema == "manifest":
            print_json(manifest_schema())
        else:
            print_json(settings_schema(chain(*keys_of(find_plugins()).values())))
        return 0
    found = [tried.plugin for tried in try_all(find_plugins())]
    if as_json:
        print_json([_document(plugin) for plugin in found])
    else:
        columns = ["plugin", "version", "api", "adapter", "port", "lane"]
        rows = [row for plugin in found for row in _rows(plugin)]
        console.print(table(columns, rows) if rows else "no plugin is installed")
        for plugin in found:
            origin = f"{plugin.distribution or 'an unknown distribution'} in {plugin.location}"
            if plugin.error:
                say(f"{plugin.name} (from {origin}) cannot be used: {plugin.error}")
            else:
                say(f"{plugin.name} comes from {origin}")
    return EXIT_ATTENTION if any(plugin.error for plugin in found) else 0


def _rows(plugin: FoundPlugin) -> list[list[str | int | None]]:
    manifest = plugin.manifest
    head = [plugin.name, plugin.version, str(manifest.host_api) if manifest else ""]
    if plugin.error or manifest is None:
        return [[*head, "cannot be used", "", ""]]
    return [
        [*head, adapter.id, adapter.port, adapter.lane or "any"] for adapter in manifest.adapters
    ] or [[*head, "none", "", ""]]


def _document(plugin: FoundPlugin) -> dict[str, JsonValue]:
    manifest = plugin.manifest
    return {
        "id": plugin.name,
        "title": manifest.title if manifest else "",
        "version": plugin.version,
        "host_api": manifest.host_api if manifest else None,
        "distribution": plugin.distribution,
        "location": plugin.location,
        "error": plugin.error or None,
        "adapters": [
            {
                "id": adapter.id,
                "port": adapter.port,
                "lane": adapter.lane,
                "max_profiles": adapter.max_profiles,
                "kinds": [kind.value for kind in adapter.kinds],
            }
            for adapter in (manifest.adapters if manifest else ())
        ],
    }
