"""The gate's verdicts, the way back, and what stands in MLflow afterwards."""

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segml import Workspace, WorkspaceError
from segml.scoring import gate
from segml.scoring.judging import slices
from segml.scoring.spec import ModelSpec
from segml.storage.declarations import shipped_folder
from segml.storage.tracking import CHALLENGER, CHAMPION, ROLLBACK
from trained_town import EARLY, END, LATE

NIGHT = date(2026, 1, 1)


def foretold(seed: int, *, many: int = 2_000, noise: float = 0.0, **shifts: float) -> pl.DataFrame:
    """Return rows whose true log-odds are known; `score` has noise, `champion` a shift."""
    random = np.random.default_rng(seed)
    truth = random.normal(0, 1.5, many)
    outcome = random.random(many) < 1 / (1 + np.exp(-truth))
    return pl.DataFrame(
        {
            "code": np.arange(many),
            "night": [NIGHT] * many,
            "active": np.arange(many) % 2 == 0,
            "outcome": outcome,
            "score": truth + random.normal(0, noise, many) if noise else truth,
            "champion": truth + shifts.get("champion", 0.0),
            "rfm_logistic": truth + shifts.get("rfm_logistic", 0.0),
        }
    )


@pytest.fixture
def spec(town: Workspace) -> ModelSpec:
    return town.models.spec("churn")


def verdict(spec: ModelSpec, rows: pl.DataFrame) -> gate.Verdict:
    return gate.compare(spec, rows, slices(rows.drop("champion")))


def test_better_is_promoted(spec: ModelSpec) -> None:
    found = verdict(spec, foretold(1, champion=1.0))
    assert found.promoted
    assert "log-loss of active customers is lower" in found.reasons[0]


def test_worse_and_equal_are_not(spec: ModelSpec) -> None:
    worse = verdict(spec, foretold(1, noise=2.0))
    assert not worse.promoted
    assert "not surely lower: +" in worse.reasons[0]
    assert any("On 2026-01-01 its log-loss is worse" in one for one in worse.reasons)
    assert any("who are not active its log-loss is worse" in one for one in worse.reasons)
    equal = verdict(spec, foretold(1))
    assert not equal.promoted


def test_without_a_fair_outcome_the_champion_stays(spec: ModelSpec) -> None:
    none = foretold(1).clear()
    found = gate.compare(spec, none, ())
    assert not found.promoted
    assert "No outcome is known yet" in found.reasons[0]


def test_a_bad_calibration_is_refused_when_there_is_evidence(spec: ModelSpec) -> None:
    many = foretold(1, many=12_000, champion=3.0).with_columns(pl.col("score") + 0.6)
    found = verdict(spec, many)
    assert not found.promoted
    assert "calibration error of active customers is 0.1" in found.reasons[0]
    few = verdict(spec, many.head(6_000))  # 3,000 active customers: too few to say
    assert few.promoted


def test_the_first_must_have_learned_something(spec: ModelSpec) -> None:
    good = foretold(1).drop("champion")
    assert gate.first(spec, slices(good)).reasons == ("It is the first.",)
    blind = good.with_columns(score=pl.lit(0.3))
    refused = gate.first(spec, slices(blind))
    assert not refused.promoted
    assert "better than chance" in refused.reasons[0]
    short = gate.first(spec, slices(foretold(1, noise=1.0).drop("champion")))
    assert short.promoted
    assert "worse than the RFM logistic" in short.reasons[1]
    assert gate.first(spec, ()).promoted


def test_another_horizon_is_not_compared(town: Workspace, spec: ModelSpec) -> None:
    champion = town.models._champions.of("churn_risk", END)
    assert champion is not None
    rows = foretold(1).drop("champion")
    found = gate.other(spec.within(30), slices(rows), champion.model)
    assert found.promoted
    assert "foretells something else (“no_order” within 60 days)" in found.reasons[0]


def test_aliases_and_runs(town: Workspace) -> None:
    tracking = town.models.tracking
    assert tracking.address == f"sqlite:///{(town.folder / 'mlflow.db').resolve()}"
    assert tracking.alias("churn", CHAMPION) == 2
    assert tracking.alias("churn", ROLLBACK) == 1
    assert tracking.alias("churn", CHALLENGER) is None
    client = tracking._client
    version = client.get_model_version("churn", "2")
    run = client.get_run(version.run_id)
    model = tracking.model("churn", 2)
    assert version.tags["digest"] == run.data.tags["digest"] == model.digest
    assert run.data.tags["feature.orders_30d"] == model.inputs["orders_30d"]
    assert len(run.data.tags["data"]) == 16
    assert run.data.params["seed"] == "0"
    assert run.data.params["rung"] == model.rung
    assert {"active.score.auc", "all.bg_nbd.log_loss"} <= run.data.metrics.keys()
    assert {one.path for one in client.list_artifacts(version.run_id)} == {
        "calibration.png",
        "gain_over_the_baselines.png",
        "level_by_night.png",
        "model",
        "model_card.md",
        "report.html",
    }
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_mlflow_opens_the_champion(town: Workspace) -> None:
    import mlflow

    mlflow.set_tracking_uri(town.models.tracking.address)
    mlflow.set_registry_uri(town.models.tracking.address)
    opened = mlflow.pyfunc.load_model("models:/churn@champion")
    champion = town.models._champions.of("churn_risk", END)
    assert champion is not None
    fields = list(champion.inputs)
    rows = town.features(fields, as_of=END).filter(pl.col("orders_total") > 0)
    expected = town.models.scores("churn", as_of=END).drop_nulls("score")
    assert np.array_equal(opened.predict(rows.to_pandas()), expected["score"].to_numpy())
    pinned = mlflow.pyfunc.get_model_dependencies("models:/churn@champion")
    assert all("==" in line for line in Path(pinned).read_text("utf-8").split())


@pytest.fixture
def copied(town: Workspace, tmp_path: Path) -> Workspace:
    """Return a copy with a registry of its own."""
    shutil.copytree(town.folder, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def test_the_way_back(copied: Workspace) -> None:
    later = LATE + timedelta(days=10)
    was = copied.models.scores("churn", as_of=END)
    first = copied.models.scores("churn", as_of=LATE - timedelta(days=1))
    assert copied.models.rollback("churn", later) == 1
    assert copied.models.tracking.alias("churn", CHAMPION) == 1
    assert copied.models.tracking.alias("churn", ROLLBACK) == 2
    copied = Workspace(copied.folder)
    assert copied.models.listed()[0]["champion"] == 1
    assert not copied.models.scores("churn", as_of=END)["score"].equals(was["score"])
    # What was scored before that day stays as it was.
    assert copied.models.scores("churn", as_of=LATE - timedelta(days=1)).equals(first)
    assert copied.models.evaluate("churn", as_of=LATE - timedelta(days=5)).version == 1
    with pytest.raises(WorkspaceError, match="No other version was champion of “churn” before"):
        copied.models.rollback("churn", EARLY)


def test_a_training_of_an_earlier_day_leaves_the_aliases(copied: Workspace) -> None:
    day = EARLY + timedelta(days=20)
    found = copied.models.train("churn", as_of=day)
    versions = copied.models._champions.versions
    assert found.version == 3
    assert versions.reign("churn") == versions.reign("churn", LATE)
    assert copied.models.tracking.alias("churn", CHAMPION) == 2


@pytest.mark.slow
def test_what_is_not_better_becomes_challenger(copied: Workspace) -> None:
    model = copied.models._champions.versions.champion("churn", LATE)
    assert model is not None
    (copied.folder / "models").mkdir()
    text = (shipped_folder() / "churn.toml").read_text("utf-8")
    text = text.replace('"trees", "anchored_trees"', '"trees"')
    (copied.folder / "models" / "churn.toml").write_text(text, encoding="utf-8")
    copied = Workspace(copied.folder)
    found = copied.models.train("churn", as_of=LATE)
    assert not found.report.verdict.promoted
    assert "No outcome is known yet" in found.report.verdict.reasons[0]
    assert copied.models.tracking.alias("churn", CHALLENGER) == found.version == 3
    assert copied.models.tracking.alias("churn", CHAMPION) == 2
    assert copied.models._champions.versions.champion("churn", END) == model


_SEED = """
import sys
from datetime import date
from segml import Workspace
workspace = Workspace(sys.argv[1])
found = workspace.models.train("churn", as_of=date.fromisoformat(sys.argv[2]), seed=5)
client = workspace.models.tracking._client
run = client.get_model_version("churn", str(found.version)).run_id
print(client.get_run(run).data.params["seed"])
"""


@pytest.mark.slow
def test_a_run_says_its_seed_and_nothing_leaves_the_machine(copied: Workspace) -> None:
    gone = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", _SEED, str(copied.folder), str(LATE)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), **gone},
    )
    assert done.stdout.strip() == "5"


def test_how_a_version_was_judged_is_kept_beside_it(town: Workspace) -> None:
    told = town.models.told("churn")
    assert [one["since"] for one in told["champions"]] == [LATE, EARLY]
    card = told["champions"][0]["card"]
    assert card["text"].startswith("# ")
    assert {*card["slices"]} <= {"active", "all"}
    for name, points in card["calibration"].items():
        assert sum(point["n"] for point in points) == card["slices"][name]["n"]
