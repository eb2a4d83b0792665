"""Laws of a trained model: one row everywhere, one version per day, the same bytes again."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segml import Workspace, WorkspaceError
from segml import fields as f
from segml.champions import Champion, Champions
from segml.scoring.model import Model
from segml.scoring.past import labelled
from segml.storage.served import Served
from segml.study import Study
from trained_town import EARLY, END, LATE


def champion(workspace: Workspace, day: date) -> Model:
    found = Champions(workspace.folder).versions.champion("churn", day)
    assert found is not None
    return found


def study(workspace: Workspace, day: date) -> Study:
    spec = workspace.models.spec("churn")
    return workspace.models._study(spec, day)


@pytest.fixture
def copied(town: Workspace, tmp_path: Path) -> Workspace:
    """Return a copy that a test may write to."""
    shutil.copytree(town.folder, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def test_each_day_has_the_champion_of_that_day(town: Workspace) -> None:
    versions = Champions(town.folder).versions
    assert [one.since for one in versions.reigns()["churn"]] == [EARLY, LATE]
    assert versions.champion("churn", EARLY - timedelta(days=1)) is None
    assert champion(town, EARLY).rung == champion(town, LATE - timedelta(days=1)).rung == "rhythm"
    assert champion(town, LATE).rung == champion(town, END).rung == "stack"
    assert not champion(town, EARLY).left_out


@pytest.mark.parametrize("day", [EARLY, LATE - timedelta(days=1), LATE, END])
def test_a_score_is_what_its_days_champion_says_of_the_training_row(
    town: Workspace, day: date
) -> None:
    model = champion(town, day)
    rows = study(town, day).rows(day)
    expected = rows.select("customer_id", score=pl.Series(model.scores(rows)))
    said = town.models.scores("churn", as_of=day)
    assert (
        said.drop_nulls("score").select("customer_id", "score").equals(expected.sort("customer_id"))
    )
    column = town.features(["churn_risk"], as_of=day)
    assert column.rename({"churn_risk": "score"}).equals(said.select("customer_id", "score"))
    assert said["score"].null_count() == column.height - rows.height


def test_nobody_scores_a_day_before_the_first_champion(town: Workspace) -> None:
    day = EARLY - timedelta(days=1)
    assert town.features(["churn_risk"], as_of=day)["churn_risk"].is_null().all()
    assert town.preview(f.churn_risk >= 0, as_of=day).count == 0
    with pytest.raises(WorkspaceError, match=f"segml train churn --as-of {day}"):
        town.models.scores("churn", as_of=day)


def test_a_training_row_is_the_nightly_row(town: Workspace) -> None:
    fields = town.models.spec("churn").features
    night = champion(town, LATE).snapshots[-1]
    rows, _ = labelled(study(town, LATE), [night], LATE)
    seen = town.features(fields, as_of=night)
    joined = rows.select("customer_id", *fields).sort("customer_id")
    assert joined.equals(seen.join(rows, on="customer_id", how="semi"))


def test_rules_agree_with_the_scores(town: Workspace) -> None:
    model = champion(town, END)
    scores = town.models.scores("churn", as_of=END)
    assert town.segments.rules()[0].keys() >= {"churn-risk-high"}
    for at, rule in ((0.3, f.churn_risk >= 0.3), (model.threshold, "churn-risk-high")):
        held = scores.filter(pl.col("score") >= at)["customer_id"]
        assert 0 < held.len() < scores.height
        assert town.members(rule, as_of=END)["customer_id"].equals(held)
    assert (scores.filter(pl.col("score") >= model.threshold)["band"] == "high").all()
    assert (scores.filter(pl.col("score") < model.threshold / 2)["band"] == "low").all()


def test_an_explanation_tells_the_score(town: Workspace) -> None:
    for row in town.models.scores("churn", as_of=END).head(3).iter_rows(named=True):
        told = town.explain(row["customer_id"], "churn-risk-high", as_of=END)
        assert told.reasons[0].value == row["score"]
        assert told.member == (row["band"] == "high")


def test_reasons_are_words_for_those_who_have_a_score(town: Workspace) -> None:
    found = town.models.scores("churn", as_of=END, explained=True)
    scored = found.filter(pl.col("score").is_not_null())
    assert scored["reasons"].list.len().is_between(1, 3).all()
    assert found.filter(pl.col("score").is_null())["reasons"].null_count() == found.height - (
        scored.height
    )
    told = scored["reasons"].explode()
    assert told.str.contains(r"^[+-] [a-z0-9]").all()
    assert told.str.contains(r"usually every \d+ days?, now \d+").sum() > 100
    for name in ("SHAP", "nan", "None", "_"):
        assert not told.str.contains(name, literal=True).any()


def test_a_small_venue_is_told_reasons_too(town: Workspace) -> None:
    scored = town.models.scores("churn", as_of=EARLY, explained=True).drop_nulls("score")
    assert champion(town, EARLY).rung == "rhythm"
    told = scored["reasons"].explode(empty_as_null=False)
    assert (scored["reasons"].list.len() >= 1).mean() > 0.9
    assert told.str.contains(r"^[+-] (usually every|last ordered|\d+ orders? so far)").all()


def test_a_night_stores_the_scores(copied: Workspace) -> None:
    copied.nightly(END)
    fresh = copied.models.scores("churn", as_of=END)
    copied = Workspace(copied.folder)
    assert copied.features(["churn_risk"])["churn_risk"].equals(fresh["score"].rename("churn_risk"))
    snapshot = copied._moments.stored(END)
    assert snapshot is not None
    assert snapshot.columns["churn_risk"].definition == champion(copied, END).digest[:8]
    assert not copied.nightly(END).changed


def test_a_document_says_all(town: Workspace) -> None:
    rows = study(town, END).rows(END)
    for day in (EARLY, LATE):
        model = champion(town, day)
        again = Model.from_document(model.document)
        assert again.document == model.document
        assert again.digest == model.digest
        assert np.array_equal(again.scores(rows), model.scores(rows))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: "[]",
        lambda text: "",
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"weights"', '"wights"'),
        lambda text: text.replace('"rhythm_logistic": {', '"forest": {'),
        lambda text: text.replace(f'"as_of": "{LATE}"', '"as_of": "soon"'),
    ],
)
def test_a_damaged_document_is_refused(town: Workspace, damage: object) -> None:
    text = champion(town, LATE).document
    changed = damage(text)  # type: ignore[operator]
    assert changed != text
    with pytest.raises(WorkspaceError, match="no model that can be read"):
        Model.from_document(changed)


def test_a_version_that_was_tampered_with_is_refused(copied: Workspace) -> None:
    model = champion(copied, LATE)
    path = copied.folder / "versions" / "churn" / f"{model.digest}.json"
    plain = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(plain | {"threshold": 0.1}, sort_keys=True), encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"cannot be used .*segml train churn"):
        Workspace(copied.folder).models.scores("churn", as_of=END)
    (copied.folder / "versions" / "reigns.json").write_text("{")
    with pytest.raises(WorkspaceError, match=r"reigns\.json cannot be read"):
        Workspace(copied.folder).models.scores("churn", as_of=END)


def test_a_changed_definition_refuses_to_score(town: Workspace) -> None:
    taught = champion(town, LATE)
    assert Champion(taught).inputs == tuple(taught.inputs)
    inputs = dict(taught.inputs) | {"orders_30d": "00000000"}
    changed = replace(taught, inputs=inputs)
    with pytest.raises(WorkspaceError, match=r"orders_30d meant something else.*segml train churn"):
        Champion(changed).inputs  # noqa: B018


def test_a_retrain_gives_the_same_bytes(copied: Workspace) -> None:
    before = champion(copied, LATE).document
    found = copied.models.train("churn", as_of=LATE)
    assert found.report.trained.model.document == before
    assert found.report.verdict.reasons == ("It is the champion already.",)
    assert found.version == 2
    assert [one.since for one in Champions(copied.folder).versions.reigns()["churn"]] == [
        EARLY,
        LATE,
    ]


_AGAIN = """
import sys
from datetime import date
from segml import Workspace
model = Workspace(sys.argv[1]).models.train("churn", as_of=date.fromisoformat(sys.argv[2]))
print(model.report.trained.model.digest)
"""


@pytest.mark.slow
def test_another_process_gives_the_same_bytes(copied: Workspace) -> None:
    shutil.rmtree(copied.folder / "snapshots")  # computed anew, under another hash seed
    done = subprocess.run(
        [sys.executable, "-c", _AGAIN, str(copied.folder), str(LATE)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "77", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == champion(copied, LATE).digest


def test_what_mlflow_opens_says_the_same(town: Workspace) -> None:
    rows = study(town, END).rows(END)
    model = champion(town, END)
    assert np.array_equal(Served(model).predict(rows), model.scores(rows))
    assert np.array_equal(Served(model).predict(rows.to_pandas()), model.scores(rows))


def test_a_workspace_without_models_knows_no_scores(tmp_path: Path) -> None:
    assert Champions(tmp_path).trained() == {}
    assert not (tmp_path / "versions").exists()
