"""How good the models are: on public records, and beside what anybody could have foretold."""

import gzip
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from segml import Workspace
from segml.datasets import oracle
from segml.datasets.restaurant import RestaurantPlan, write_restaurant
from segml.scoring.judging import slices
from segml.scoring.measures import measures
from segml.verdicts import Training
from small_town import filled

pytestmark = pytest.mark.slow

CDNOW = "cdnow_sample_2357.csv.gz"
_MISSING = {
    "cdnow": {"loyalty_tier", "emails_sent_90d", "reviews_total"},
    "online_retail": {"loyalty_tier", "emails_sent_90d", "reviews_total"},
}


def taught(folder: Path, mapping: str, data: Path, horizon: int) -> Training:
    workspace = Workspace.create(folder)
    workspace.import_files(mapping=mapping, data=data)
    return workspace.models.train("churn", horizon=horizon)


@pytest.mark.parametrize(("name", "horizon"), [("cdnow", 91), ("online_retail", 60)])
def test_a_record_of_others_needs_no_code(
    name: str, horizon: int, shared_data: Path, tmp_path: Path
) -> None:
    found = taught(tmp_path / name, name, shared_data, horizon).report
    assert found.trained.model.rung == "stack"
    assert found.verdict.promoted
    assert set(found.trained.model.left_out) >= _MISSING[name]
    assert all(one in found.markdown() for one in _MISSING[name])
    for one in found.judged:
        # Not surely worse than what is hardest to beat, nor than a model that learns no outcomes.
        for baseline in ("rfm_logistic", "bg_nbd"):
            assert one.against[baseline].low <= 0.001, (one.name, baseline)
        assert one.against["recency"].high < 0
        assert one.intervals["auc"].low > 0.65
    judged = found.trained.judged
    for night in judged["night"].unique():
        everybody = slices(judged.filter(pl.col("night") == night))[-1]
        assert everybody.name == "all"
        assert everybody.against["bg_nbd"].low <= 0, night
        # No season is foretold by anything here; nobody may be further off than a model of buying.
        assert everybody.of["score"].ece < everybody.of["bg_nbd"].ece + 0.02, night


@pytest.mark.parametrize("seed", [1, 2])
def test_a_habit_is_foretold_nearly_as_well_as_can_be(seed: int, tmp_path: Path) -> None:
    """Of an unseen seed: what a model gains over chance, and loses to the best forecast."""
    plan = RestaurantPlan(customers=10_000, seed=seed)
    night = plan.last_day + timedelta(days=1 - 60)
    (tmp_path / "data").mkdir()
    write_restaurant(tmp_path / "data", plan)
    workspace = filled(tmp_path / "workspace", tmp_path / "data")
    workspace.models.train("churn", as_of=night)
    rows = workspace.models.evaluate("churn", as_of=night).rows
    best = oracle.ceiling(tmp_path / "data", night, 60)
    rows = rows.join(best, on="customer_id", how="inner", validate="1:1")
    # Of active customers .97 and .006 are the aim; by seed and plan 10,000 guests taught .98 to 1.0
    # and .003 to .008, the mean of five towns being .988 and .0061.
    for name, gain, regret in (("active", 0.96, 0.012), ("all", 0.99, 0.006)):
        part = rows.filter("active") if name == "active" else rows
        outcome = part["outcome"].to_numpy()
        model, most = (measures(outcome, part[one].to_numpy()) for one in ("score", "stays_away"))
        gained, lost = (model.auc - 0.5) / (most.auc - 0.5), model.log_loss - most.log_loss
        assert gained >= gain, (name, gained, lost)
        assert lost <= regret, (name, gained, lost)


def test_thirty_nine_weeks_of_cdnow(shared_data: Path, tmp_path: Path) -> None:
    """The split of the literature: 39 weeks to learn how customers buy, 39 to be right about."""
    workspace = Workspace.create(tmp_path / "cdnow")
    workspace.import_files(mapping="cdnow", data=shared_data)
    day = date(1997, 10, 1)
    first = workspace.models.train("churn", as_of=day, horizon=273)
    assert first.report.trained.model.rung == "buying"  # no window of 39 weeks is over yet
    found = {one.name: one.of["score"] for one in workspace.models.evaluate("churn").slices}
    assert found["all"].auc > 0.75
    assert found["all"].log_loss < 0.55


def test_cdnow_foretells_customers_it_never_saw(shared_data: Path, tmp_path: Path) -> None:
    """Each fifth of the sample is foretold weeks 40 to 78 by what the others taught."""
    purchases = pl.read_csv(shared_data / CDNOW, try_parse_dates=True)
    everybody = of_cdnow(tmp_path / "everybody", purchases)
    day, judged = date(1997, 9, 30), []
    for fifth in range(5):
        unseen = pl.col("customer_id") % 5 == fifth
        others = of_cdnow(tmp_path / f"without{fifth}", purchases.filter(~unseen))
        model = others.models.train("churn", horizon=273).report.trained.model
        rows = everybody.features(list(model.inputs), as_of=day).filter(unseen)
        judged.append(rows.select("customer_id", score=pl.Series(model.scores(rows))))
    came = purchases.filter(pl.col("date") >= day)["customer_id"].unique()
    rows = pl.concat(judged)
    outcome = ~rows["customer_id"].is_in(came.implode())
    found = measures(outcome.to_numpy(), rows["score"].to_numpy())
    assert rows.height == 2_357
    # Of the other nine tenths .770 was the aim; these people are a sample's error of .01 from them.
    assert found.auc >= 0.765
    assert found.brier <= 0.159


def of_cdnow(folder: Path, purchases: pl.DataFrame) -> Workspace:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / CDNOW).write_bytes(gzip.compress(purchases.write_csv().encode()))
    workspace = Workspace.create(folder / "workspace")
    workspace.import_files(mapping="cdnow", data=folder / "data")
    return workspace
