"""A declaration says everything that is wrong with it at once, and a right one is a field."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from segml import Workspace, WorkspaceError
from segml.library.features import FEATURES
from segml.scoring.spec import PERSONAL, ModelSpec, read_spec
from segml.storage.declarations import declared, shipped_folder
from trained_town import END

CHURN = tomllib.loads((shipped_folder() / "churn.toml").read_text("utf-8"))
SHIPPED = [path for path in sorted(shipped_folder().glob("*.toml")) if path.stem != "lookalike"]


def without(*names: str, **changed: Any) -> dict[str, Any]:
    return {key: value for key, value in CHURN.items() if key not in names} | changed


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(WorkspaceError) as refused:
        read_spec("churn", values, FEATURES)
    return str(refused.value)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_comes_with_segml_can_be_read(path: Path) -> None:
    spec = read_spec(path.stem, tomllib.loads(path.read_text("utf-8")), FEATURES)
    assert spec.feature().name == spec.field
    assert FEATURES[spec.field].form == spec.feature().form


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_shipped_model_looks_at_who_somebody_is(path: Path) -> None:
    looked_at = set(tomllib.loads(path.read_text("utf-8"))["features"])
    assert not looked_at & PERSONAL
    profile = {"tags", "dietary", "vip", "email_opt_in", "sms_opt_in", "preferred_channel"}
    assert not looked_at & profile  # no history: what a clerk changes today was not so then


def test_everything_wrong_is_told_at_once() -> None:
    wrong = without("title", "learners", horizn=60, label="no_orders", horizon=0, snapshots=99)
    wrong |= {"learners": ["forest"], "features": [*CHURN["features"], "orders_60d", "churn_risk"]}
    wrong["field"] = "orders_total"
    wrong["threshold"] = {"precison": 0.9, "confidence": 95}
    told = refusal(wrong)
    for part in (
        "“title” is missing",
        "no setting “horizn”. Did you mean horizon?",
        "no label “no_orders”; there are no_order, higher_tier",
        "“horizon” is 1 to 730, not 0",
        "“snapshots” is 1 to 24, not 99",
        "no learner “forest”",
        "no field “orders_60d”",
        "“churn_risk” is itself a score",
        "“orders_total” is a field of the library already",
        "no setting “precison”",
        "“confidence” is a number from 0 to 1, not 95",
    ):
        assert part in told, part
    assert told.count("\n  - ") == 11


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"horizon": "60"}, "“horizon” is to be a int, not '60'"),
        ({"horizon": True}, "“horizon” is to be a int, not True"),
        ({"features": "orders_total"}, "“features” is to be a list"),
        ({"gate": 3}, "“gate” is to be a dict"),
        ({"learners": []}, "“learners” is empty"),
        ({"label_settings": {"spend_tiers": 500}}, "“spend_tiers” are numbers above 0, not 500"),
        ({"label_settings": {"spend_tiers": [500, "x"]}}, "“spend_tiers” are numbers above 0"),
        ({"features": ["orders_total"]}, "must name order_days_total, days_since_first_order"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_told(changed: dict[str, Any], told: str) -> None:
    assert told in refusal(without(**changed))


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_who_somebody_is_cannot_be_declared(name: str) -> None:
    told = refusal(without(features=[*CHURN["features"], name]))
    assert f"“{name}” says who somebody is" in told


def test_what_is_no_number_cannot_be_declared() -> None:
    told = refusal(without(features=[*CHURN["features"], "tags", "last_order_at"]))
    assert "“tags” is a list" in told
    assert "“last_order_at” is a date" in told
    assert {"tags", "dietary"}.isdisjoint(CHURN["features"])


def test_no_name_or_address_is_a_field_at_all() -> None:
    for name in ("first_name", "last_name", "email", "phone", "latitude", "longitude"):
        assert name not in FEATURES
        assert "no field" in refusal(without(features=[*CHURN["features"], name]))


def test_a_workspace_declares_over_what_is_shipped(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    assert declared(tmp_path)["churn"].horizon == 60
    text = (shipped_folder() / "churn.toml").read_text("utf-8")
    (tmp_path / "models" / "churn.toml").write_text(text.replace("horizon = 60", "horizon = 30"))
    assert declared(tmp_path)["churn"].horizon == 30
    (tmp_path / "models" / "other.toml").write_text(text)
    with pytest.raises(WorkspaceError, match="“churn” and “other” both give “churn_risk”"):
        declared(tmp_path)
    (tmp_path / "models" / "other.toml").write_text("title = ")
    with pytest.raises(WorkspaceError, match=r"other\.toml is no declaration that can be read"):
        declared(tmp_path)


def test_another_horizon_is_another_declaration() -> None:
    spec: ModelSpec = read_spec("churn", CHURN, FEATURES)
    assert spec.within(None) is spec
    assert spec.within(60) is spec
    assert spec.within(7).horizon == 7
    for horizon in (0, -1, 731):
        with pytest.raises(WorkspaceError, match="1 to 730 days"):
            spec.within(horizon)


def test_a_new_declaration_is_a_field_of_rules(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    wire = {"field": "sleeps", "operator": ">=", "value": 0.5}
    rule = {"combinator": "and", "rules": [wire]}
    assert workspace.preview(rule, as_of=END).problems
    (tmp_path / "w" / "models").mkdir()
    text = (shipped_folder() / "churn.toml").read_text("utf-8")
    text = text.replace('"churn_risk"', '"sleeps"').replace('"Churn"', '"Sleepers"')
    (tmp_path / "w" / "models" / "sleepers.toml").write_text(text)
    problems = Workspace(tmp_path / "w").preview(rule, as_of=END).problems
    assert ["trained" in problem.message + problem.hint for problem in problems] == [True]
