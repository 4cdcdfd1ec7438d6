"""What the import contracts cannot say about the tree."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository import ROOT, SOURCE_ROOTS, module_name, shipped_files

MODULES = {path: file for path, file in shipped_files().items() if path.endswith(".py")}
CORE = {path: file for path, file in MODULES.items() if path.startswith("petiole/core/")}
LONGEST_MODULE_LINES = 300
NAMES_THAT_SAY_NOTHING = {"base", "common", "helper", "helpers", "manager", "util", "utils"}


def text(file: Path) -> str:
    """Read a source file."""
    return file.read_text(encoding="utf-8")


def absolute_imports(source: str) -> Iterator[str]:
    """Name every module that the source imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def strangers_to_core(source: str) -> list[str]:
    """Name the imports that are neither the standard library's nor the core's own."""
    return [
        name
        for name in absolute_imports(source)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not f"{name}.".startswith("petiole.core.")
    ]


def test_tree_holds_modules_of_every_root() -> None:
    roots = {file.relative_to(ROOT).parts[0] for file in MODULES.values()}

    assert roots == {root.name for root in SOURCE_ROOTS}


@pytest.mark.parametrize("root", SOURCE_ROOTS, ids=lambda root: root.name)
def test_namespace_stays_open(root: Path) -> None:
    assert not (root / "petiole" / "__init__.py").exists()


def test_plugins_of_others_may_join_the_plugins_namespace() -> None:
    assert "petiole/plugins/__init__.py" not in MODULES


def test_core_imports_the_standard_library_only() -> None:
    strangers = {
        path: found for path, file in CORE.items() if (found := strangers_to_core(text(file)))
    }

    assert strangers == {}


@pytest.mark.parametrize(
    ("line", "stranger"),
    [
        ("import httpx", "httpx"),
        ("from petiole.hooks import AdapterSpec", "petiole.hooks"),
        ("def late():\n    import pydantic.fields", "pydantic.fields"),
        ("import petiole.corefoo", "petiole.corefoo"),
    ],
)
def test_stranger_planted_in_the_core_is_seen(line: str, stranger: str) -> None:
    assert strangers_to_core(f"import json\n{line}\n") == [stranger]


def test_every_module_is_short_enough_to_keep_in_mind() -> None:
    lengths = {path: len(text(file).splitlines()) for path, file in MODULES.items()}

    assert {path: n for path, n in lengths.items() if n > LONGEST_MODULE_LINES} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        path for path, file in MODULES.items() if not ast.get_docstring(ast.parse(text(file)))
    ]

    assert silent == []


def test_every_module_lies_in_a_package() -> None:
    open_namespaces = {"petiole", "petiole/plugins"}
    folders = {path.rpartition("/")[0] for path in MODULES} - open_namespaces

    assert {folder for folder in folders if f"{folder}/__init__.py" not in MODULES} == set()


def test_every_module_is_named_for_what_it_holds() -> None:
    names = {path: module_name(path).rpartition(".")[2] for path in MODULES}

    assert {path for path, name in names.items() if name in NAMES_THAT_SAY_NOTHING} == set()


def test_every_part_tells_type_checkers_that_it_is_typed() -> None:
    packages = (path.split("/") for path in MODULES)
    parts = {"/".join(names[: 3 if names[1] == "plugins" else 2]) for names in packages}

    assert {part for part in parts if f"{part}/py.typed" not in shipped_files()} == set()
