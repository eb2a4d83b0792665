"""Lookalikes in a workspace: listed, saved, found anew every night; and the rules of lists."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from segml import Workspace
from segml import fields as f
from segml.cli import app
from segml.core.errors import (
    RuleRefused,
    SegmentInUse,
    TooFewCustomers,
    UnknownCustomers,
    UnknownName,
    WorkspaceError,
)
from segml.crowd import _by_bucket
from segml.library.features import FEATURES
from segml.scoring.discovery import FoundRule, NothingFound
from segml.scoring.lookalike_spec import read_lookalike_spec
from segml.storage.declarations import declared
from segml.storage.versions import Reign
from small_town import LAST, content

LUNCHERS = (f.orders_total >= 3) & (f.lunch_share > 0.3)
OPTED_OUT = (f.email_opt_in == False) & (f.sms_opt_in == False)  # noqa: E712


@pytest.fixture(scope="module")
def town(restaurant: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a restaurant with one saved lookalike of a segment, and one of a list."""
    folder = tmp_path_factory.mktemp("town") / "town"
    shutil.copytree(restaurant.folder, folder)
    workspace = Workspace(folder)
    workspace.segments.save("lunchers", LUNCHERS, owner="kim")
    for name, seeds in (("like-lunchers", "lunchers"), ("like-listed", listed(workspace))):
        found = workspace.lookalikes.find(seeds)
        workspace.lookalikes.save(found, name, owner="kim", size=10)
    return workspace


@pytest.fixture
def own(town: Workspace, tmp_path: Path) -> Workspace:
    """Return a copy that a test may write to."""
    shutil.copytree(town.folder, tmp_path / "town")
    return Workspace(tmp_path / "town")


def listed(workspace: Workspace, as_of: date = LAST) -> list[Any]:
    return workspace.members(LUNCHERS, as_of=as_of)["customer_id"].to_list()


def values(workspace: Workspace, field: str, as_of: date = LAST) -> dict[Any, float | None]:
    return dict(workspace.features([field], as_of=as_of).iter_rows())


def run(*words: str | Path) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def answer(*words: str | Path) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


# The list


def test_the_list_is_the_most_similar_of_who_may_be_found(town: Workspace) -> None:
    found = town.lookalikes.find("lunchers")
    most = found.most_similar(10)
    told = found.as_json(10)
    apart = {*listed(town), *town.members(OPTED_OUT)["customer_id"]}
    universe = town.preview(LUNCHERS).universe
    assert universe is not None
    assert told["candidates"] == universe - len(apart)
    assert told["count"] == most.height == ceil(told["candidates"] / 10)
    assert most["rank"].to_list() == list(range(1, most.height + 1))
    assert most["similarity"].is_sorted(descending=True)
    assert not apart & {*most["customer_id"]}
    assert told["seeds"] == len(listed(town))
    assert [row["size"] for row in told["curve"]] == list(range(1, 11))
    assert any("share of lunch orders" in one["words"] for one in told["differences"])
    assert any("chosen by" in warning for warning in told["warnings"])


@pytest.mark.slow
def test_a_rule_and_its_members_as_a_list_find_the_same(town: Workspace) -> None:
    by_rule = town.lookalikes.find(LUNCHERS)
    by_list = town.lookalikes.find([str(one) for one in listed(town)])
    assert by_rule.most_similar(10).equals(by_list.most_similar(10))
    assert not any("chosen by" in warning for warning in by_list.lookalike.warnings)


def test_what_is_counted_is_what_the_history_of_the_day_shows(town: Workspace) -> None:
    past, facts = LAST - timedelta(days=120), town.facts
    state = facts.arranged(past)
    ids = facts.ids(state.customers)
    for column in town.lookalikes.spec.counts.values():
        found = set()
        for start in range(0, state.customers, state.bucket):
            lines = facts.lines(state, past, start // state.bucket, column)
            codes = (lines["row"] + start).to_list()
            found |= {*zip(ids.gather(codes), lines["thing"], lines["lines"], strict=True)}
        history = town.history(past).rows("order_items").drop_nulls(column)
        words = history.select("customer_id", pl.col(column).str.to_lowercase())
        counted = words.group_by("customer_id", column).len().collect()
        assert found == {*counted.iter_rows()}
        assert len(found) > 100


@pytest.mark.slow
def test_a_similarity_does_not_depend_on_who_is_asked_with(town: Workspace) -> None:
    saved = town.lookalikes.find("lunchers").lookalike
    axes = replace(saved.likeness.axes, mixtures={})
    axes = replace(axes, axes=tuple(one for one in axes.axes if one.reads != "part"))
    weights = np.linspace(-1, 1, len(axes.axes), dtype=np.float32)
    likeness = replace(saved.likeness, axes=axes, weights=weights, trees=None)
    frame = town.features(axes.fields).drop("customer_id")
    together = likeness.similarity(frame)
    alone = [likeness.similarity(frame[row])[0] for row in range(frame.height)]
    assert together.tolist() == alone


# The segment


def test_the_saved_segment_has_the_listed_customers_on_its_night(town: Workspace) -> None:
    for name, seeds in (("like-lunchers", "lunchers"), ("like-listed", listed(town))):
        most = town.lookalikes.find(seeds).most_similar(10)
        assert town.members(name)["customer_id"].to_list() == sorted(most["customer_id"]), name
        similarity = values(town, f"similar_to_{name.replace('-', '_')}")
        assert [similarity[one] for one in most["customer_id"]] == most["similarity"].to_list()
        assert all(similarity[one] is None for one in listed(town))


def test_its_score_is_a_field_like_any_other(town: Workspace) -> None:
    rule = {
        "combinator": "and",
        "rules": [{"field": "similar_to_like_lunchers", "operator": ">", "value": 0.5}],
    }
    above = [one for one, value in values(town, "similar_to_like_lunchers").items() if value]
    above = [one for one in above if values(town, "similar_to_like_lunchers")[one] > 0.5]  # type: ignore[operator]
    preview = town.preview(rule)
    assert preview.count == len(above) > 0
    assert preview.sentence == "Guests whose similarity to like-lunchers is more than 0.5."
    reason = town.explain(above[0], rule).reasons[0]
    assert reason.holds
    with pytest.raises(WorkspaceError, match="stands in no table"):
        town.sql(rule)


def test_nights_before_it_have_no_score(town: Workspace) -> None:
    past = LAST - timedelta(days=7)
    assert set(values(town, "similar_to_like_lunchers", past).values()) == {None}
    assert town.members("like-lunchers", as_of=past).is_empty()


def test_the_next_night_finds_it_anew_and_twice_is_once(own: Workspace) -> None:
    night = LAST + timedelta(days=30)
    own.nightly(LAST)
    report = {one.segment: one for one in own.nightly(night).segments}
    members = own.members("like-lunchers")["customer_id"].to_list()
    assert report["like-lunchers"].count == len(members)
    # A month without orders: the same customers, learned anew, are other values of the same score.
    before, after = (values(own, "similar_to_like_lunchers", day) for day in (LAST, night))
    assert before != after
    seeds = {*own.members("lunchers")["customer_id"]}
    ranked = sorted((-v, one) for one, v in after.items() if v is not None and one not in seeds)
    assert members == sorted(one for _, one in ranked[: len(members)])
    stored = content(own.folder)
    assert not own.nightly(night).changed
    assert content(own.folder) == stored


def test_listed_seeds_stay_out_on_later_nights(own: Workspace) -> None:
    later = values(own, "similar_to_like_listed", LAST + timedelta(days=20))
    assert all(later[one] is None for one in listed(own))
    assert sum(value is not None for value in later.values()) > 100


@pytest.mark.slow
def test_saving_again_replaces_it_from_its_day_on(own: Workspace) -> None:
    field, before = "similar_to_like_listed", LAST - timedelta(days=1)
    first = values(own, field)
    later, middle = LAST + timedelta(days=10), LAST + timedelta(days=5)
    others = own.members(f.orders_total >= 6)["customer_id"].to_list()
    own.lookalikes.save(own.lookalikes.find(others, as_of=later), "like-listed", owner="kim")
    assert values(own, field) == first
    assert values(own, field, later)[others[0]] is None
    saved = own.lookalikes.save(
        own.lookalikes.find("lunchers", as_of=middle), "like-listed", owner="k"
    )
    assert saved.version == 3
    assert values(own, field) == first
    assert values(own, field, later)[others[0]] != values(own, field, middle)[others[0]]
    assert values(own, field, later)[listed(own, later)[0]] is None
    assert set(values(own, field, before).values()) == {None}


def test_with_its_segment_goes_its_score(own: Workspace) -> None:
    field = "similar_to_like_listed"
    wire = {"combinator": "and", "rules": [{"field": field, "operator": ">", "value": 1}]}
    own.segments.save("very-like", wire, owner="kim")
    with pytest.raises(SegmentInUse, match="very-like"):
        own.segments.delete("like-listed", owner="kim")
    own.segments.delete("very-like", owner="kim")
    own.segments.delete("like-listed", owner="kim")
    with pytest.raises(UnknownName):
        own.features([field])
    assert field in str(own.preview(wire).problems)
    assert own.members("like-lunchers").height > 0


# What is refused


def test_what_cannot_be_found_or_saved_is_refused(own: Workspace) -> None:
    known = listed(own)
    with pytest.raises(TooFewCustomers, match="at least 10"):
        own.lookalikes.find(known[:9])
    with pytest.raises(UnknownCustomers, match="2 of the listed are not known") as caught:
        own.lookalikes.find([*known, 900_001, "nobody"])
    assert caught.value.customers == (900_001, "nobody")
    found = own.lookalikes.find("lunchers")
    with pytest.raises(WorkspaceError, match="1 to 10 percent"):
        found.most_similar(20)
    for name, told in (
        ("Not An Id", "lower-case"),
        ("vip-customers", "comes with segml"),
        ("lunchers", "depend on"),
    ):
        with pytest.raises(WorkspaceError, match=told):
            own.lookalikes.save(found, name, owner="kim")
    nested = own.lookalikes.find("like-lunchers")
    with pytest.raises(WorkspaceError, match="chosen by similar_to_like_lunchers"):
        own.lookalikes.save(nested, "like-like", owner="kim")
    with pytest.raises(RuleRefused):
        own.lookalikes.find({"combinator": "and", "rules": []})
    assert {*own.segments.all()} >= {"like-lunchers", "like-listed"}
    assert "like-like" not in own.segments.all()


def test_a_likeness_that_cannot_be_trusted_scores_nobody(own: Workspace) -> None:
    kept = own._champions.likenesses
    saved = kept.champion("like-listed")
    assert saved is not None
    changed = replace(saved, inputs={**saved.inputs, "orders_total": "otherwise"})
    kept.keep(changed)
    kept.crown("like-listed", Reign(LAST + timedelta(days=1), changed.digest, 2))
    with pytest.raises(WorkspaceError, match="orders_total meant something else"):
        own.features(["similar_to_like_listed"], as_of=LAST + timedelta(days=2))
    file = own.folder / "likenesses" / "like-lunchers"
    for path in file.iterdir():
        path.write_text("{}")
    with pytest.raises(WorkspaceError, match="segml lookalike … --save like-lunchers"):
        Workspace(own.folder).features(["similar_to_like_lunchers"], as_of=LAST)


@pytest.mark.slow
def test_the_declaration_is_checked_at_once_and_is_no_model(own: Workspace) -> None:
    assert "lookalike" not in declared(own.folder)
    wrong = {
        "size": 40,
        "spend": "loyalty_tier",
        "activity": "orders",
        "candidates": {
            "combinator": "and",
            "rules": [{"field": "staf", "operator": "=", "value": 1}],
        },
        "features": ["churn_risk"],
        "counts": {"prices": "price"},
    }
    with pytest.raises(WorkspaceError) as caught:
        read_lookalike_spec(wrong, FEATURES, "lookalike.toml")
    for told in ("not 40", "loyalty_tier", "“orders”", "staf", "churn_risk", "“price”"):
        assert told in str(caught.value)
    with pytest.raises(WorkspaceError, match="“spend” is missing"):
        read_lookalike_spec({"size": True, "sizes": 2}, FEATURES, "lookalike.toml")
    (own.folder / "models").mkdir()
    (own.folder / "models" / "lookalike.toml").write_text(
        'size = 2\nspend = "spend_90d"\nactivity = "orders_90d"\nfeatures = ["lunch_share"]\n'
        "counts = {}\n"
        'candidates = { combinator = "and", rules = [{ field = "vip", operator = "=", value = '
        "false }] }\n"
    )
    own = Workspace(own.folder)
    likeness = own.lookalikes.find("lunchers")
    assert likeness.lookalike.likeness.axes.fields == ("lunch_share",)
    own.lookalikes.save(likeness, "few", owner="kim")
    assert own.members("few")["customer_id"].to_list() == sorted(
        likeness.most_similar(2)["customer_id"]
    )


# Rules of lists


def test_a_planted_rule_is_found_and_counts_as_it_says(town: Workspace) -> None:
    planted = town.members((f.orders_total >= 6) & (f.lunch_share >= 0.2))["customer_id"]
    found = town.rule_of_list(planted.to_list())
    assert isinstance(found, FoundRule)
    preview = town.preview(found.wire)
    assert preview.count == found.selected
    assert preview.sentence == found.sentence
    members = {*town.members(found.wire)["customer_id"]}
    assert found.missed == len({*planted} - members)
    assert found.extra == len(members - {*planted})
    assert len(members & {*planted}) / len(members | {*planted}) > 0.8


def test_a_list_by_lot_has_no_rule(town: Workspace) -> None:
    everybody = town.features(["orders_total"])["customer_id"]
    drawn = everybody.sample(60, seed=4).to_list()
    assert isinstance(town.rule_of_list(drawn), NothingFound)
    with pytest.raises(UnknownCustomers, match="900001"):
        town.rule_of_list([*drawn, 900_001])


# The command line


@pytest.fixture
def ids(own: Workspace, tmp_path: Path) -> Path:
    own.members(LUNCHERS).write_csv(tmp_path / "ids.csv")
    return tmp_path / "ids.csv"


def test_lookalike_on_the_command_line(own: Workspace, ids: Path, tmp_path: Path) -> None:
    where = ("-w", own.folder)
    told = answer("lookalike", "lunchers", "--size", 10, *where)
    most = own.lookalikes.find("lunchers").most_similar(10)
    assert told["customers"] == most.to_dicts()
    assert told["warnings"]
    assert told["curve"]
    assert told["differences"]
    written = tmp_path / "most.parquet"
    saved = answer("lookalike", ids, "--size", 10, "-o", written, "--save", "by-file", *where)
    assert pl.read_parquet(written).equals(most)
    assert "customers" not in saved
    assert saved["saved"]["rule"]["rules"] == [
        {"field": "similar_to_by_file", "operator": "topPercent", "value": 10.0}
    ]
    assert answer("members", "by-file", *where)["members"] == sorted(most["customer_id"])
    shown = run("lookalike", ids, *where)
    assert shown.exit_code == 0
    for text in ("Hidden seeds found", "What sets the seeds apart", "biggest"):
        assert text in shown.stdout


def test_refusals_on_the_command_line(own: Workspace, tmp_path: Path) -> None:
    few, other = tmp_path / "few.csv", tmp_path / "other.csv"
    few.write_text("customer_id\n1\n")
    other.write_text("guest\n1\n")
    for words, told in (
        (("lookalike", few), "at least 10"),
        (("lookalike", other), "no column customer_id, but guest"),
        (("lookalike", tmp_path / "none.csv"), "cannot be read"),
        (("lookalike", "lunchrs"), "lunchers"),
        (("lookalike", "lunchers", "--size", 50), "1 to 10 percent"),
        (("segments", "from-list", few, "--save", "x"), "So nothing was saved"),
    ):
        result = run(*words, "-w", own.folder)
        assert result.exit_code == 1, words
        assert told in result.stderr.replace("\n", " "), words
    nothing = answer("segments", "from-list", few, "-w", own.folder)
    assert nothing["rule"] is None
    assert "too few" in nothing["reason"]
    assert "too few" in run("segments", "from-list", few, "-w", own.folder).stdout


def test_from_a_list_to_a_segment_on_the_command_line(own: Workspace, ids: Path) -> None:
    where = ("-w", own.folder)
    told = answer("segments", "from-list", ids, "--save", "found", *where)
    assert told["saved"] == {"segment": "found", "version": 1}
    assert answer("members", "found", *where)["count"] == told["selected"]
    shown = run("segments", "from-list", ids, *where)
    assert told["sentence"] in shown.stdout.replace("\n", " ")
    assert '"combinator"' in shown.stdout


def test_every_bucket_is_visited_once_with_its_customers() -> None:
    codes = np.array([7, 1, 5, 0, 13])
    found = [(bucket, places.tolist()) for bucket, places in _by_bucket(codes, 4)]
    assert found == [(0, [1, 3]), (1, [0, 2]), (3, [4])]
    assert not list(_by_bucket(codes[:0], 4))
