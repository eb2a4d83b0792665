"""A workspace answers: counts, members, reasons, differences; damage is told by name."""

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from filelock import FileLock
from polars.testing import assert_frame_equal

from segml import (
    Busy,
    RuleRefused,
    SegmentInUse,
    UnknownName,
    Workspace,
    WorkspaceError,
)
from segml import fields as f
from small_town import LAST, content, filled


def test_preview_members_and_file_come_from_one_evaluation(restaurant: Workspace) -> None:
    for name in restaurant.segments.rules()[0]:
        preview = restaurant.preview(name)
        members = restaurant.members(name)
        assert preview.count == members.height
        tally = restaurant.nights.all()[LAST].segments[name]
        assert preview.count == tally.count
        assert [row["customer_id"] for row in preview.sample] == members["customer_id"][
            :50
        ].to_list()


def test_a_preview_tells_what_each_condition_keeps(restaurant: Workspace) -> None:
    rule = (f.lifetime_spend > 100) & f.order_items.where(category="wine").never()
    preview = restaurant.preview(rule)
    assert [one.path for one in preview.conditions] == [(0,), (1,)]
    assert preview.conditions[0].kept == restaurant.preview(f.lifetime_spend > 100).count
    assert preview.count is not None
    assert preview.count <= min(one.kept for one in preview.conditions)
    assert set(preview.sample[0]) == {"customer_id", "first_name", "last_name", "lifetime_spend"}
    assert preview.sample[0]["lifetime_spend"] > 100
    nothing = restaurant.preview({"combinator": "and", "rules": []})
    assert nothing.count is None
    assert nothing.problems


def test_explanations_agree_with_membership(restaurant: Workspace) -> None:
    everyone = restaurant.members(f.orders_total >= 0)["customer_id"].to_list()
    for name in ("vip-customers", "recently-at-risk", "vip-upsell", "win-back-campaign"):
        inside = set(restaurant.members(name)["customer_id"].to_list())
        for customer in everyone[::40] + sorted(inside)[:2]:
            explanation = restaurant.explain(customer, name)
            assert explanation.member == (customer in inside)
            assert all(r.holds == r.wanted for r in explanation.reasons) == explanation.member
    with pytest.raises(UnknownName, match="no customer “nobody”"):
        restaurant.explain("nobody", "at-risk")


def test_the_history_of_a_customer_is_a_part_of_the_whole(restaurant: Workspace) -> None:
    whole = {name: rows.collect() for name, rows in restaurant.history(LAST).tables.items()}
    size = restaurant.facts.state().customers
    for code in (0, size // 2, size - 1):
        customer = restaurant.facts.ids(size)[code]
        orders = whole["orders"].filter(customer_id=customer)["order_id"].implode()
        parts = restaurant.facts.history(LAST, code).tables
        assert parts.keys() == whole.keys()
        for name, rows in whole.items():
            theirs = pl.lit(value=True)
            if "customer_id" in rows.columns:
                theirs = pl.col("customer_id") == customer
            elif name == "order_items":
                theirs = pl.col("order_id").is_in(orders)
            assert_frame_equal(parts[name].collect(), rows.filter(theirs), check_row_order=False)


def test_an_explanation_shows_the_values_in_whole_currency(restaurant: Workspace) -> None:
    row = restaurant.members(f.orders_total >= 3, fields=["lifetime_spend"]).row(0, named=True)
    rule = (f.lifetime_spend > 0.5) & (f.orders.total("amount") >= 1) & ~f.in_segment("lapsed")
    values = [r.value for r in restaurant.explain(row["customer_id"], rule).reasons]
    assert values[0] == row["lifetime_spend"]
    assert values[1] == pytest.approx(row["lifetime_spend"], rel=0.5)
    assert values[2] is None


def test_a_difference_tells_who_moves_and_why(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    old = (f.orders_total >= 5) & (f.days_since_last_order < 60)
    new = (f.orders_total >= 8) & (f.days_since_last_order < 200)
    workspace.segments.save("regulars", old, owner="kim")
    found = workspace.diff("regulars", new.as_json(), as_of=LAST)
    before = set(workspace.members(old, as_of=LAST)["customer_id"])
    after = set(workspace.members(new, as_of=LAST)["customer_id"])
    assert set(found.entered) == after - before
    assert set(found.left) == before - after
    assert (found.before, found.after) == (len(before), len(after))
    assert [cause.path for cause in found.why_left] == [(0,)]
    assert found.why_left[0].customers == len(found.left) > 0
    assert [cause.path for cause in found.why_entered] == [(1,)]


def test_segments_in_use_are_kept(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    workspace.segments.save("mine", f.orders_total >= 5, owner="kim")
    workspace.segments.save("other", f.in_segment("mine") & f.entered("mine", 7), owner="kim")
    with pytest.raises(WorkspaceError, match="cannot be deleted"):
        workspace.segments.delete("vip-customers", owner="kim")
    with pytest.raises(UnknownName, match="no segment"):
        workspace.segments.delete("nothere", owner="kim")
    with pytest.raises(SegmentInUse, match="used by other"):
        workspace.segments.delete("mine", owner="kim")
    with pytest.raises(RuleRefused, match="in a circle"):
        workspace.segments.save("mine", f.in_segment("other"), owner="kim")
    workspace.segments.delete("other", owner="kim")
    workspace.segments.delete("mine", owner="kim")
    assert workspace.segments.all() == Workspace(tmp_path).segments.all()
    assert "mine" not in workspace.segments.all()


def test_two_writers_do_not_clash(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    with FileLock(tmp_path / ".lock"), pytest.raises(Busy, match="Another process"):
        Workspace(tmp_path).nightly(LAST)
    workspace.nightly(LAST)


def test_an_empty_workspace_answers(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    with pytest.raises(WorkspaceError, match="give as_of"):
        workspace.preview(f.orders_total > 1)
    assert workspace.preview("at-risk", as_of=LAST).count == 0
    assert workspace.nightly(LAST).universe == 0


def test_settings_are_checked_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "segml.toml").write_text('time_zone = "Europe/Rom"\nservice_day = "04:00"\n')
    with pytest.raises(WorkspaceError) as refused:
        Workspace(tmp_path)
    assert "Europe/Rome" in str(refused.value)
    assert "service_day" in str(refused.value)
    with pytest.raises(WorkspaceError, match="no segml workspace"):
        Workspace(tmp_path / "elsewhere")


def test_sql_is_printed_for_every_dialect(restaurant: Workspace) -> None:
    import sqlglot

    for dialect in ("duckdb", "postgres", "spark"):
        for name in restaurant.segments.rules()[0]:
            query = restaurant.sql(name, dialect=dialect)
            assert sqlglot.parse_one(query, dialect=dialect)
    assert json.dumps(restaurant.preview("at-risk").as_json())


def test_damaged_files_are_told_by_name(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.segments.save("mine", f.orders_total >= 5, owner="kim")
    workspace.nightly(LAST)
    workspace.records.database.close()  # so that all is in the file, and nothing in its log
    damages = {
        "catalogue.db": b"\x00junk" * 999,
        "nights/index.json": b'{"a": 1}',
        "warehouse/manifest.json": b'{"format": 1}',
        "segml.toml": b"time_zone = ",
    }
    for name, junk in damages.items():
        path = tmp_path / "w" / name
        good = path.read_bytes()
        path.write_bytes(junk)
        with pytest.raises(WorkspaceError, match=path.name):
            Workspace(tmp_path / "w").members("mine")
        path.write_bytes(good)
    (tmp_path / "w" / "warehouse" / "manifest.json").unlink()
    with pytest.raises(WorkspaceError, match=r"manifest\.json is missing"):
        Workspace(tmp_path / "w").nightly(LAST)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot become a workspace"):
        Workspace.create(tmp_path / "file")
    workspace = Workspace.create(tmp_path / "w")
    (tmp_path / "w" / ".lock").mkdir()
    with pytest.raises(WorkspaceError, match="cannot be written to"):
        workspace.nightly(LAST)


def test_asking_of_a_stored_night_writes_nothing(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST)
    before = content(tmp_path / "w")
    workspace.preview("at-risk", as_of=LAST)
    workspace.segments.versions("at-risk")
    workspace.explain(1, "at-risk", as_of=LAST)
    workspace.members("at-risk", as_of=LAST, fields=["favorite_item"])
    assert content(tmp_path / "w") == before
    with pytest.raises(WorkspaceError, match="needs a trained model"):
        workspace.members("at-risk", as_of=LAST, fields=["churn_risk"])
    workspace.preview("at-risk", as_of=LAST - timedelta(days=9))
    added = content(tmp_path / "w").keys() - before.keys()
    assert added
    assert all(name.startswith("snapshots/") for name in added)


def test_versions_can_be_asked_for(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    for least in (5, 6):
        workspace.segments.save("mine", f.orders_total >= least, owner="kim")
    assert workspace.segments.get("mine", 1).rule == (f.orders_total >= 5).as_json()
    assert workspace.segments.get("mine").version == 2
    assert [one.version for one in workspace.segments.versions("at-risk")] == [1]
    with pytest.raises(UnknownName, match="Did you mean mine"):
        workspace.segments.get("mein")
    with pytest.raises(UnknownName, match="no version “3 of mine”"):
        workspace.segments.get("mine", 3)
