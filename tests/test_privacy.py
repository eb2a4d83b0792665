"""Guests' requests: everything held is shown, and after an erasure nothing is left."""

import json
import os
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from known_guest import GUEST, LAST, LUNCHERS, OTHER, PAST, TRACES, bring, lived_in, outcome, traces
from segml import Workspace
from segml import fields as f
from segml.cli import app
from segml.core.errors import UnknownCustomers
from segml.core.tables import TABLES
from segml.datasets.restaurant import write_restaurant
from segml.rules.pins import Pins, pins
from segml.storage.suppression import NOBODY
from small_town import filled
from trained_town import LATE, TOWN

EVERYBODY = f.orders_total >= 0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """Return the folder of a workspace in which the guest is in every store."""
    made = lived_in(tmp_path_factory.mktemp("known"), data)
    made.records.database.close()  # or its log would go while a test copies it
    return made.folder


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Workspace:
    """Return a copy that a test may write to."""
    shutil.copytree(home, tmp_path / "w")
    return Workspace(tmp_path / "w")


def test_the_guest_is_in_every_store_before(home: Path) -> None:
    found = "\n".join(traces(home))
    for where in (
        "facts/customers", "facts/orders", "facts/referrals", "facts/messages", "rejects/",
        "arranged/ids.", "/customers.arrow", "snapshots/", "nights/", "likenesses/", "catalogue.db",
    ):  # fmt: skip
        assert where in found, where
    for text in TRACES:
        assert f": {text}" in found, text


def test_after_an_erasure_no_file_holds_a_trace(own: Workspace) -> None:
    before = {day: own.members(EVERYBODY, as_of=day) for day in (PAST, LAST)}
    done = own.privacy.erase([GUEST])
    assert traces(own.folder) == []
    assert {"customers", "orders", "order_items", "messages", "rejects"} <= done.rows.keys()
    assert (done.nights, done.likenesses) == (2, 1)
    for day, members in before.items():
        left = Workspace(own.folder).members(EVERYBODY, as_of=day)
        assert GUEST not in left["customer_id"]
        assert members.height == left.height + 1


def without_guest(value: Any) -> Any:
    """Return what a reader saw, with every row of the guest left out."""
    match value:
        case dict():
            return {name: without_guest(one) for name, one in value.items()}
        case list():
            return [without_guest(one) for one in value if GUEST not in str(one)]
        case _:
            return value


def test_everybody_else_stays_as_they_were(own: Workspace) -> None:
    before = outcome(own)
    own.privacy.erase([GUEST])
    after = outcome(Workspace(own.folder))
    assert after["fields"] == without_guest(before["fields"])
    assert after["changes"] == without_guest(before["changes"])
    for table in ("customers", "orders", "messages", "reviews", "loyalty", "restaurants"):
        assert after["facts"][table] == without_guest(before["facts"][table]), table
    items = before["facts"]["order_items"]
    assert after["facts"]["order_items"] == [row for row in items if "Zzxq soup" not in row]
    for day, (universe, tallies, members) in after["nights"].items():
        was, told, held = before["nights"][day]
        assert universe == was - 1
        assert members == without_guest(held)
        for name, tally in tallies.items():
            gone = (name, GUEST) in held
            assert tally.count == told[name].count - gone
            assert tally.count == sum(segment == name for segment, _ in members)
    # Another's referral is a fact about the other: it stays, and names nobody.
    (referral,) = (row for row in after["facts"]["referrals"] if OTHER in row)
    assert NOBODY in referral
    referred = own.features(["referrals_total"]).filter(customer_id=OTHER)
    assert referred["referrals_total"].to_list() == [1]


def test_lists_stay_in_the_files_that_are_written_again(own: Workspace) -> None:
    def tags(workspace: Workspace) -> dict[str, list[str]]:
        rows = workspace.history(LAST).tables["customers"].select("customer_id", "tags")
        return {str(name): told for name, told in rows.collect().iter_rows() if told}

    before = tags(own)
    one, *others = before
    assert len(others) > 20
    own.privacy.erase([one])
    assert tags(Workspace(own.folder)) == {name: before[name] for name in others}


@pytest.mark.slow
def test_a_night_run_again_is_what_was_kept(own: Workspace) -> None:
    own.privacy.erase([GUEST])
    kept = outcome(own)["fields"]
    shutil.rmtree(own.folder / "snapshots")
    again = Workspace(own.folder)
    for day in (PAST, LAST):
        again.nightly(day)
    assert outcome(again)["fields"] == kept
    shutil.rmtree(own.folder / "warehouse" / "arranged")
    fresh = Workspace(own.folder)
    for day in (PAST, LAST):
        fresh.nightly(day)
    assert outcome(fresh)["fields"] == kept
    assert fresh.facts.erased() == 0  # codes were given anew


def test_an_old_file_brings_nobody_back(own: Workspace, tmp_path: Path) -> None:
    own.privacy.erase([GUEST])
    facts = outcome(own)["facts"]
    counts = bring(Workspace(own.folder), tmp_path / "old")
    assert counts["orders"].erased == 40
    assert counts["order_items"].erased == 40
    assert counts["order_items"].read == 0
    assert counts["again orders"].erased == 2
    assert counts["referrals"].new == 0
    again = Workspace(own.folder)
    again.nightly(LAST)
    assert outcome(again)["facts"] == facts
    assert traces(own.folder) == []
    assert "erased.json" not in str(traces(own.folder, ("q-1",)))


def test_rules_lists_and_records_name_nobody_any_more(own: Workspace) -> None:
    own.privacy.erase([GUEST])
    again = Workspace(own.folder)
    assert pins(again.segments.get("mine").rule) == Pins(exclude=(OTHER,))
    assert [one.what for one in again.records.audit.entries()] == ["(erased)"]
    (saved,) = again.lookalikes._champions.likenesses.kept()
    assert saved.seeds
    assert again.members("like-lunchers").height > 0
    assert GUEST not in str(again.records.plans.all())


def test_what_was_never_known_is_not_erased(own: Workspace) -> None:
    with pytest.raises(UnknownCustomers, match="nobody-1, nobody-2"):
        own.privacy.erase([GUEST, "nobody-1", "nobody-2"])
    assert GUEST in own.members(EVERYBODY)["customer_id"]
    own.privacy.erase([GUEST])
    own.privacy.erase([GUEST])  # twice is once
    assert own.facts.erased() == 1


@pytest.mark.slow
def test_integers_are_erased_to_the_byte(own: Workspace) -> None:
    wide = 918_273_645_546_372_819
    file = own.folder.parent / "wide.csv"
    file.write_text(f"customer_id,created_at\n{wide},2025-03-01 10:00\n")
    own.import_files([("customers", file)])
    own.nightly(LAST)
    needle = wide.to_bytes(8, "little")

    def held() -> list[Path]:
        files = (path for path in own.folder.rglob("*") if path.is_file())
        return [path for path in files if needle in path.read_bytes()]

    own.privacy.erase([wide])
    assert held() == []
    assert traces(own.folder, (str(wide),)) == []


class Cut(BaseException):
    """The power going out."""


def cut_at(number: int, replace: Callable[..., None]) -> Callable[..., None]:
    seen = 0

    def replacing(*paths: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise Cut
        replace(*paths)

    return replacing


def erased_after_a_cut(home: Path, folder: Path, number: int) -> Workspace | None:
    """Return a workspace whose erasure was cut at a step and run again; None past the last."""
    shutil.copytree(home, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", cut_at(number, os.replace))
        try:
            Workspace(folder).privacy.erase([GUEST])
        except Cut:
            again = Workspace(folder)
        else:
            return None
    assert again.members(EVERYBODY).height > 300  # it answers meanwhile
    again.privacy.erase([GUEST])
    return Workspace(folder)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 16))
def test_a_crash_between_two_steps_then_again_is_the_same(
    home: Path, tmp_path: Path, number: int
) -> None:
    found = erased_after_a_cut(home, tmp_path / "cut", number)
    assert found is not None
    assert traces(found.folder) == []
    shutil.copytree(home, tmp_path / "whole")
    whole = Workspace(tmp_path / "whole")
    whole.privacy.erase([GUEST])
    assert outcome(found) == outcome(whole)


@pytest.mark.slow
def test_no_model_and_no_run_holds_an_id(tmp_path: Path) -> None:
    """Which is why an erasure need not teach models anew, nor reach into MLflow."""
    (tmp_path / "raw").mkdir()
    write_restaurant(tmp_path / "raw", TOWN)
    for table in TABLES:
        rows = pl.read_parquet(tmp_path / "raw" / f"{table.name}.parquet")
        ids = [c.name for c in table.columns if c.domain == "customer" and c.name in rows.columns]
        named = rows.with_columns(pl.format("Guest{}q", pl.col(name)).alias(name) for name in ids)
        named.write_parquet(tmp_path / f"{table.name}.parquet")
    workspace = filled(tmp_path / "w", tmp_path)
    workspace.models.train("churn", as_of=LATE)
    workspace.nightly(LATE)
    spelled = re.compile(rb"Guest\d+q")
    held = {
        path.relative_to(workspace.folder).parts[0]
        for path in workspace.folder.rglob("*")
        if path.is_file() and spelled.search(path.read_bytes())
    }
    assert {"versions", "mlartifacts", "mlflow.db"} <= {
        path.name for path in workspace.folder.iterdir()
    }
    assert held == {"warehouse", "nights"}


def test_who_objects_is_likened_to_nobody_from_the_day_it_is_known(
    own: Workspace, tmp_path: Path
) -> None:
    field, day = "similar_to_like_lunchers", LAST + timedelta(days=10)
    next_day = day + timedelta(days=1)
    before = dict(own.features([field], as_of=next_day).iter_rows())
    who = next(one for one, score in before.items() if score is not None)
    object_to_marketing(own, who, f"{day} 12:00", tmp_path)
    assert dict(own.features([field], as_of=day).iter_rows())[who] is not None
    assert dict(own.features([field], as_of=next_day).iter_rows()) == before | {who: None}
    assert own.preview(EVERYBODY, as_of=next_day).count == len(before)


def object_to_marketing(workspace: Workspace, who: Any, at: str, folder: Path) -> None:
    (folder / "objection.csv").write_text(
        "customer_id,created_at,marketing_objection,email_opt_in,known_at\n"
        f"{who},2025-01-01 10:00,yes,true,{at}\n"
    )
    workspace.import_files([("customers", folder / "objection.csv")])


@pytest.mark.slow
def test_who_objects_is_scored_no_more(town: Workspace, tmp_path: Path) -> None:
    shutil.copytree(town.folder, tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    day = LATE + timedelta(days=10)
    before = dict(workspace.features(["churn_risk"], as_of=day + timedelta(days=1)).iter_rows())
    who = next(one for one, score in before.items() if score is not None)
    object_to_marketing(workspace, who, f"{day} 12:00", tmp_path)
    assert dict(workspace.features(["churn_risk"], as_of=day).iter_rows())[who] is not None
    after = dict(workspace.features(["churn_risk"], as_of=day + timedelta(days=1)).iter_rows())
    assert after == before | {who: None}
    told = workspace.models.scores("churn", [who], as_of=day + timedelta(days=1), explained=True)
    assert told["score"].to_list() == told["reasons"].to_list() == [None]


@pytest.mark.slow
def test_who_asks_meanwhile_gets_whole_answers(own: Workspace) -> None:
    reader, done = Workspace(own.folder), Event()
    told: list[int] = []

    def ask() -> None:
        while not done.is_set():
            found = reader.members(f.lifetime_spend > len(told) % 7, fields=["first_order_at"])
            told.append(found["customer_id"].null_count())
            reader.preview(EVERYBODY)

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        for customer in own.members(EVERYBODY)["customer_id"].to_list()[:3]:
            own.privacy.erase([customer])
        done.set()
        for one in asking:
            one.result()
    assert len(told) > 10
    assert not any(told)


def test_access_tells_everything_by_store(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "guest.json"
    done = CliRunner().invoke(app, ["access", GUEST, "-o", str(target), "-w", str(home)])
    assert done.exit_code == 0, done.output
    found = json.loads(target.read_text())
    assert len(found["facts"]["orders"]) == 40
    assert found["facts"]["orders"][0]["amount"] == 30
    assert len(found["facts"]["order_items"]) == 40
    assert found["facts"]["referred_by_another"] == [{"referred_at": "2025-04-02 12:00:00"}]
    assert OTHER not in str(found["facts"]["referred_by_another"])
    assert {row["reason"][:10] for row in found["facts"]["rejects"]}
    assert found["fields"][str(LAST)]["orders_total"] == 40
    assert found["fields"][str(LAST)]["city"] == "Zzxqville"
    assert {"as_of": str(LAST), "segment": "loyalty-members"} == {
        key: row[key]
        for row in found["memberships"]
        if (row["as_of"], row["segment"]) == (str(LAST), "loyalty-members")
        for key in ("as_of", "segment")
    }
    assert [one["action"] for one in found["records"]["audit"]] == ["customers.see"]
    assert [one["event"] for one in found["records"]["deliveries"]] == ["entered"]
    assert found["named_in"] == {"segments": ["mine"], "lookalikes": ["like-lunchers"]}
    again = CliRunner().invoke(app, ["access", GUEST, "-o", str(target), "-w", str(home)])
    assert again.exit_code == 1
    with pytest.raises(UnknownCustomers):
        Workspace(home).privacy.access("nobody")


def test_erasing_on_the_command_line_asks_first(own: Workspace) -> None:
    words = ["erase", GUEST, "-w", str(own.folder)]
    refused = CliRunner().invoke(app, words, input="n\n")
    assert refused.exit_code == 1
    assert GUEST in own.members(LUNCHERS)["customer_id"]
    done = CliRunner().invoke(app, [*words, "--yes", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["erased"] == 1
    assert traces(own.folder) == []
    assert Workspace(own.folder).records.audit.entries()[0].action == "privacy.erase"
