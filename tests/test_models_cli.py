"""The commands about models: JSON for programs, tables for people, files of the contract."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from segml import Workspace
from segml.cli import app
from trained_town import EARLY, END, LATE

BASELINES = {"recency", "frequency", "rfm_logistic", "bg_nbd", "pareto_nbd"}
FIGURES = {"n", "positives", "auc", "ap", "log_loss", "brier", "ece", "lift_10", "recall"}


def run(*words: Any) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def answer(*words: Any) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_models_list(town: Workspace) -> None:
    rows = {row["model"]: row for row in answer("models", "list", "-w", town.folder)["models"]}
    assert set(rows) == {"churn", "tier_upgrade"}
    assert rows["churn"]["field"] == "churn_risk"
    assert (rows["churn"]["champion"], rows["churn"]["since"]) == (2, f"{LATE}")
    assert set(rows["churn"]["certificate"]) == {"active", "all"}
    assert rows["tier_upgrade"]["champion"] is rows["tier_upgrade"]["certificate"] is None
    spoken = run("models", "list", "-w", town.folder)
    assert spoken.exit_code == 0
    assert "churn_risk" in spoken.stdout


def test_evaluate_writes_the_file_of_the_contract(town: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "judged.parquet"
    found = answer("evaluate", "churn", "-w", town.folder, "-o", file)
    night = END - timedelta(days=60)
    assert (found["model"], found["as_of"], found["horizon_days"]) == ("churn", f"{night}", 60)
    assert list(found["slices"]) == ["active", "all"]
    assert set(found["baselines"]) == BASELINES
    for one in (found["slices"], *found["baselines"].values()):
        assert all(set(figures) >= FIGURES for figures in one.values())
    rows = pl.read_parquet(file)
    assert rows.columns[:4] == ["customer_id", "active", "score", "outcome"]
    assert set(rows.columns[4:]) == BASELINES
    assert rows["customer_id"].is_sorted()
    assert found["slices"]["all"]["n"] == rows.height
    assert found["slices"]["active"]["n"] == rows["active"].sum()
    assert found["slices"]["all"]["positives"] == rows["outcome"].sum()
    brier = (rows["score"] - rows["outcome"].cast(pl.Float64)).pow(2).mean()
    assert found["slices"]["all"]["brier"] == pytest.approx(brier, abs=1e-12)
    # What came of it, from the orders themselves.
    orders = town.history(END).rows("orders")
    came = orders.filter(pl.col("day") >= night).select("customer_id").unique().collect()
    assert rows["outcome"].equals(
        ~rows["customer_id"].is_in(came["customer_id"].implode()).rename("outcome")
    )
    # It does not foretell anything but what is scored.
    scores = town.models.scores("churn", as_of=night)
    both = rows.join(scores, on="customer_id")
    assert both.height == rows.height
    assert (both["score"] - both["score_right"]).abs().max() < 1e-6


def test_evaluate_for_people(town: Workspace) -> None:
    night = LATE - timedelta(days=60)
    spoken = run("evaluate", "churn", "-w", town.folder, "--as-of", night)
    assert spoken.exit_code == 0
    assert f"churn, version 1, on the 60 days from {night} on." in " ".join(spoken.stdout.split())
    assert "BG/NBD" in spoken.stdout
    assert "recall" in spoken.stdout
    version = answer("evaluate", "churn", "-w", town.folder, "--as-of", night, "--version", 2)
    assert version["version"] == 2


def test_score_of_everybody_is_a_file(town: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "scores.parquet"
    found = answer("score", "--all", "-w", town.folder, "--as-of", END, "-o", file)
    assert found == {"model": "churn", "as_of": f"{END}", "count": 1600, "file": str(file)} | {
        "count": pl.read_parquet(file).height
    }
    rows = pl.read_parquet(file)
    assert rows.columns == ["customer_id", "score"]
    expected = town.models.scores("churn", as_of=END).select("customer_id", "score")
    assert rows.equals(expected)


def test_score_of_one_says_why(town: Workspace) -> None:
    customer = town.models.scores("churn", as_of=END).drop_nulls("score")["customer_id"][0]
    found = answer("score", customer, "-w", town.folder, "--as-of", END)["scores"]
    assert len(found) == 1
    assert set(found[0]) == {"customer_id", "score", "band", "reasons"}
    assert found[0]["band"] in {"low", "medium", "high"}
    assert found[0]["reasons"]
    spoken = run("score", customer, "-w", town.folder, "--as-of", END)
    assert spoken.exit_code == 0
    assert f"{END}" in spoken.stdout


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("train", "chrun"), 1, "Did you mean churn"),
        (("train", "churn", "--horizon", 0), 1, "1 to 730 days"),
        (("train", "churn", "--as-of", "2024-01-01"), 1, "Nobody ordered before 2024-01-01"),
        (("evaluate", "churn", "--as-of", END), 1, "is not known before"),
        (("evaluate", "churn", "--as-of", EARLY - timedelta(days=9)), 1, "Nobody was champion"),
        (("evaluate", "tier_upgrade"), 1, "segml train tier_upgrade"),
        (("score", "99999999", "--as-of", END), 1, "no customer"),
        (("score", "--as-of", END), 2, "or --all"),
        (("score", "1", "--all", "--as-of", END), 2, "or --all"),
        (("models", "rollback", "churn", "--as-of", EARLY), 1, "No other version"),
        (("train",), 2, "MODEL"),
    ],
)
def test_exit_status(town: Workspace, words: tuple[Any, ...], status: int, says: str) -> None:
    result = run(*words, "-w", town.folder)
    assert result.exit_code == status, result.output
    assert says in " ".join(result.output.replace("│", " ").split())


def test_a_refusal_is_json_too(town: Workspace) -> None:
    result = run("train", "chrun", "-w", town.folder, "--json")
    assert result.exit_code == 1
    assert "no model “chrun”" in json.loads(result.stdout)["error"]


def test_the_way_back_begins_at_the_last_night(town: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(town.folder, folder)
    Workspace(folder).nightly(END)
    assert answer("models", "rollback", "churn", "-w", folder)["since"] == f"{END}"
    assert answer("models", "follow", "churn", "-w", folder)["since"] == f"{END}"
    assert answer("models", "list", "-w", folder)["models"][0]["champion"] == 1


@pytest.mark.slow
def test_training_all_from_the_command_line(town: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(town.folder, folder)
    report = tmp_path / "card.html"
    words = ("train", "all", "-w", folder, "--as-of", LATE, "--report", report)
    churn, tier = answer(*words)["models"]
    assert (churn["model"], churn["version"], churn["rung"]) == ("churn", 2, "stack")
    assert churn["gate"] == {"promoted": True, "reasons": ["It is the champion already."]}
    assert (tier["model"], tier["version"], tier["horizon_days"]) == ("tier_upgrade", 1, 90)
    assert tier["gate"]["promoted"]
    assert set(tier["baselines"]) == {"distance", "pace", "rfm_logistic"}
    for name in ("churn", "tier_upgrade"):
        text = (tmp_path / f"card-{name}.html").read_text("utf-8")
        assert "data:image/png;base64," in text
        assert "http://" not in text
        assert "https://" not in text
    spoken = run("train", "tier_upgrade", "-w", folder, "--as-of", LATE)
    assert "Tier upgrade: version 1" in spoken.stdout
    scored = answer("score", "--all", "--model", "tier_upgrade", "-w", folder, "--as-of", LATE)
    unscored = {one["customer_id"] for one in scored["scores"] if one["score"] is None}
    top = Workspace(folder).members(
        {
            "combinator": "and",
            "rules": [{"field": "loyalty_tier", "operator": "=", "value": "platinum"}],
        },
        as_of=LATE,
    )
    assert set(top["customer_id"]) <= unscored
    judged = answer(
        "evaluate", "tier_upgrade", "-w", folder, "--as-of", "2025-12-31", "--version", 1
    )
    assert judged["slices"]["all"]["n"] > 100
    month = answer("train", "churn", "-w", folder, "--as-of", LATE, "--horizon", 30)
    assert month["horizon_days"] == 30
    assert "foretells something else" in month["gate"]["reasons"][0]
    assert answer("evaluate", "churn", "-w", folder)["horizon_days"] == 30
