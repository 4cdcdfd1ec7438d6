"""The recipes of docs/testing.md run as they stand there, and stay as short as promised."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT
from tests.testing.runs import run_pytest

PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
LONGEST_RECIPE_LINES = 10


def marked(word: str) -> list[str]:
    """The code blocks that begin with a comment of that word."""
    return [
        block.removeprefix(f"# {word}\n") for block in BLOCKS if block.startswith(f"# {word}\n")
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Run every recipe, and the first example, as one test module."""
    folder = tmp_path_factory.mktemp("recipes")
    [imports], [first] = marked("imports"), BLOCKS[:1]
    module = "\n\n".join([imports, first, *marked("recipe")])
    Path(folder, "test_recipes.py").write_text(module, encoding="utf-8")
    return run_pytest("-v", "-W", "error", folder=folder)


@pytest.mark.parametrize("seam", ["port", "plugin", "wire"])
def test_recipe_works(run: subprocess.CompletedProcess[str], seam: str) -> None:
    assert re.search(rf"::test_{seam}_is_swapped PASSED", run.stdout), run.stdout


def test_first_example_works(run: subprocess.CompletedProcess[str]) -> None:
    assert "::test_customers_arrive PASSED" in run.stdout, run.stdout


def test_recipes_are_short() -> None:
    lengths = [
        len([line for line in recipe.splitlines()[1:] if line.strip()])
        for recipe in marked("recipe")
    ]

    assert len(lengths) == 3
    assert max(lengths) <= LONGEST_RECIPE_LINES
