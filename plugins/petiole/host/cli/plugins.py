"""`petiole plugins`: what is installed, what it offers, and why one cannot be used."""

import rich_click as click

from petiole.core.domain.fields import JsonValue
from petiole.host.cli.main import EXIT_ATTENTION
from petiole.host.cli.output import console, json_option, print_json, say, table
from petiole.host.discovery import FoundPlugin, Plugins, find_plugins


@click.command("plugins", short_help="List the plugins and what they offer.")
@json_option
def command(*, as_json: bool) -> int:
    """List every installed plugin; one that cannot be used is shown with the reason."""
    found = Plugins(find_plugins()).load_all()
    if as_json:
        print_json([_document(plugin) for plugin in found])
    else:
        columns = ["plugin", "version", "from", "adapter", "port", "lane"]
        rows = [row for plugin in found for row in _rows(plugin)]
        console.print(table(columns, rows) if rows else "no plugin is installed")
        for plugin in found:
            if plugin.error:
                say(f"{plugin.name} cannot be used: {plugin.error}")
    return EXIT_ATTENTION if any(plugin.error for plugin in found) else 0


def _rows(plugin: FoundPlugin) -> list[list[str | int | None]]:
    head: list[str | int | None] = [plugin.name, plugin.version, plugin.distribution]
    if plugin.error or plugin.manifest is None:
        return [[*head, "cannot be used", "", ""]]
    return [
        [*head, adapter.id, adapter.port, adapter.lane or "any"]
        for adapter in plugin.manifest.adapters
    ]


def _document(plugin: FoundPlugin) -> dict[str, JsonValue]:
    manifest = plugin.manifest
    return {
        "id": plugin.name,
        "title": manifest.title if manifest else "",
        "version": plugin.version,
        "distribution": plugin.distribution,
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
