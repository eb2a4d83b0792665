"""The README's recipes run, in its order, in one folder."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from segml.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
ORDERS = "order_id,customer_id,ordered_at,amount\n1,7,2026-02-01 12:00,25\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small demo and the files that the recipes name."""
    folder = tmp_path_factory.mktemp("readme")
    demo = ["demo", "-w", str(folder / "demo"), "--customers", "400", "--no-serve"]
    assert CliRunner().invoke(app, demo).exit_code == 0
    rule = json.loads(blocks("json")[0])
    (folder / "rule.json").write_text(json.dumps(rule))
    rule["rules"][0]["value"] = 500
    (folder / "stricter.json").write_text(json.dumps(rule))
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "customers.csv").write_text("customer_id,email_opt_in\n7,true\n")
    return folder


@pytest.mark.slow
def test_the_recipes_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    lines = [
        line.removeprefix("$ ")
        for block in blocks("console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    assert len(lines) >= 10
    for line in lines:
        # The guest that the README explains lives in the demo of full size.
        result = CliRunner().invoke(app, shlex.split(line.replace(" 137 ", " 5 "))[1:])
        assert result.exit_code == 0, f"{line}: {result.output}"
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})


def test_the_mapping_shown_is_the_one_that_ships() -> None:
    shown, database = blocks("toml")
    shipped = ROOT / "src" / "segml" / "datasets" / "mappings" / "coffee_vending.toml"
    assert shown in shipped.read_text("utf-8")
    assert set(tomllib.loads(database)["tables"]["orders"][0]) == {"database", "query"}


def test_two_commands_are_on_the_first_screen() -> None:
    first = README.splitlines()[:25]
    assert any(line.startswith("make demo") for line in first)
    assert any(line.startswith("make test") for line in first)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`make ([a-z-]+)`", README):
        assert f"\n{target}:" in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")
