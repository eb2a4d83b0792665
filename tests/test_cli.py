"""The command line: what people read, one JSON document for programs, and the exit status."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from segml.cli import app

ORDERS = """order_id,customer_id,ordered_at,amount,channel,note
1,1,2026-01-01 12:00,10.50,dine_in,x
2,1,2026-01-08 13:00,20,takeaway,x
3,2,2026-01-09 19:00,300.00,delivery,x
4,2,soon,3,delivery,x
5,3,2026-01-02 12:30:00,7,dine_in,x
"""
BIG = {
    "combinator": "and",
    "rules": [{"field": "lifetime_spend", "operator": ">", "value": 20}],
}


def run(*words: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=text)


def answer(*words: str | Path, text: str | None = None) -> Any:
    result = run(*words, "--json", text=text)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS)
    answer("init", tmp_path / "shop")
    answer("import", "orders", tmp_path / "orders.csv", "-w", tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    (tmp_path / "rule.json").write_text(json.dumps(BIG))
    return tmp_path / "rule.json"


def test_import_says_what_became_of_every_row(shop: Path, tmp_path: Path) -> None:
    again = answer("import", "orders", tmp_path / "orders.csv", "-w", shop)
    assert again["tables"]["orders"] == {
        "read": 5,
        "accepted": 4,
        "rejected": 1,
        "new": 0,
        "ignored": ["note"],
        "earlier": 0,
        "erased": 0,
    }
    rejects = answer("rejects", "-w", shop)
    assert rejects["count"] == 1
    assert rejects["rejects"][0]["column"] == "ordered_at"
    assert rejects["rejects"][0]["value"] == "soon"
    assert "soon" in run("rejects", "-w", shop).stdout


def test_several_tables_and_files_in_one_import(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("order_id,customer_id,ordered_at,amount\n1,x,2026-01-01,1\n")
    (tmp_path / "b.csv").write_text("order_id,customer_id,ordered_at,amount\n2,y,2026-01-01,1\n")
    (tmp_path / "c.csv").write_text("customer_id,email_opt_in\nx,yes\n")
    answer("init", tmp_path / "w")
    files = ("orders", tmp_path / "a.csv", tmp_path / "b.csv", "customers", tmp_path / "c.csv")
    counts = answer("import", *files, "-w", tmp_path / "w")["tables"]
    assert counts["orders"]["read"] == 2
    assert counts["orders"]["rejected"] == 1  # of y, whom the customers table does not know
    assert counts["customers"]["new"] == 1


def test_rows_of_earlier_imports_that_change_sides_are_told(tmp_path: Path) -> None:
    header = "order_id,customer_id,ordered_at,amount\n"
    (tmp_path / "o.csv").write_text(header + "1,x,2026-01-01,1\n2,y,2026-01-01,1\n")
    (tmp_path / "c.csv").write_text("customer_id,city\nx,Rome\n")
    (tmp_path / "d.csv").write_text("customer_id,city\ny,Bern\n")
    answer("init", tmp_path / "w")
    earlier = []
    for table, name in (("orders", "o"), ("customers", "c"), ("customers", "d")):
        counts = answer("import", table, tmp_path / f"{name}.csv", "-w", tmp_path / "w")["tables"]
        earlier.append({table: count["earlier"] for table, count in counts.items()})
    assert earlier == [
        {"orders": 0},
        {"customers": 0, "orders": -1},
        {"customers": 0, "orders": 1},
    ]


def test_from_night_to_members(shop: Path, rule: Path, tmp_path: Path) -> None:
    night = answer("nightly", "-w", shop, "--as-of", "2026-01-10")
    assert night["universe"] == 3
    assert {s["id"]: s["count"] for s in night["segments"]}["vip-customers"] == 1
    assert len(night["segments"]) == 20

    preview = answer("preview", rule, "-w", shop)
    assert preview["count"] == 2
    assert preview["as_of"] == "2026-01-10"
    assert preview["conditions"] == [
        {"path": [0], "words": "whose lifetime spend is more than 20", "kept": 2, "dropped": 1}
    ]
    assert preview["sample"][0] == {"customer_id": 1, "lifetime_spend": 30.5}
    assert answer("preview", "-", "-w", shop, text=json.dumps(BIG)) == preview
    assert answer("preview", rule, "-w", shop, "--as-of", "2026-01-08")["count"] == 0

    assert answer("members", rule, "-w", shop)["members"] == [1, 2]
    for name in ("m.parquet", "m.csv"):
        written = tmp_path / name
        wrote = answer("members", rule, "-w", shop, "-o", written, "--fields", "orders_total")
        assert wrote["count"] == 2
        frame = pl.read_parquet(written) if name.endswith("t") else pl.read_csv(written)
        assert frame.to_dicts() == [
            {"customer_id": 1, "orders_total": 2},
            {"customer_id": 2, "orders_total": 1},
        ]

    why = answer("explain", "3", rule, "-w", shop)
    assert why["member"] is False
    assert why["conditions"][0]["value"] == 7
    for words in (("nightly",), ("preview", rule), ("members", rule), ("explain", "3", rule)):
        result = run(*words, "-w", shop, "--as-of", "2026-01-10")
        assert result.exit_code == 0
        assert "2026-01-10" in result.stdout or "2 members" in result.stdout


def test_segments_from_save_to_delete(shop: Path, rule: Path, tmp_path: Path) -> None:
    answer("nightly", "-w", shop, "--as-of", "2026-01-10")
    assert answer("segments", "save", "big", rule, "-w", shop, "--name", "Big")["version"] == 1
    stricter = tmp_path / "stricter.json"
    condition = BIG["rules"][0] | {"value": 100}  # type: ignore[index]
    stricter.write_text(json.dumps(BIG | {"rules": [condition]}))
    moved = answer("segments", "diff", "big", stricter, "-w", shop)
    assert (moved["left"], moved["entered"]) == ([1], [])
    assert moved["why_left"][0]["customers"] == 1
    assert answer("segments", "save", "big", stricter, "-w", shop)["version"] == 2
    shown = answer("segments", "show", "big", "-w", shop)
    assert shown["rule"] == BIG | {"rules": [condition]}
    assert shown["versions"] == [1, 2]
    assert answer("segments", "show", "big", "--version", "1", "-w", shop)["rule"] == BIG
    assert "Versions: 1, 2" in run("segments", "show", "big", "-w", shop).stdout
    assert "trained" in run("segments", "show", "churn-risk-high", "-w", shop).stdout
    assert shown["name"] == "Big"
    listed = answer("segments", "list", "-w", shop)["segments"]
    assert [row["id"] for row in listed][-1] == "big"
    assert next(r for r in listed if r["id"] == "churn-risk-high")["unavailable"]
    sql = run("segments", "show", "big", "-w", shop, "--sql", "--dialect", "spark").stdout
    assert sql.startswith("WITH")
    assert "big" in run("segments", "list", "-w", shop).stdout
    assert run("segments", "diff", "big", rule, "-w", shop).exit_code == 0
    assert answer("segments", "delete", "big", "-w", shop)["deleted"]
    assert run("segments", "show", "big", "-w", shop).exit_code == 1


def test_a_refused_rule_tells_every_problem(shop: Path) -> None:
    wrong = {"combinator": "and", "rules": [{"field": "spend", "operator": ">", "value": "1"}, {}]}
    result = run(
        "preview", "-", "-w", shop, "--as-of", "2026-01-10", "--json", text=json.dumps(wrong)
    )
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["count"] is None
    assert [problem["path"] for problem in found["problems"]] == [[0], [1]]
    spoken = run("preview", "-", "-w", shop, "--as-of", "2026-01-10", text=json.dumps(wrong))
    assert spoken.exit_code == 1
    assert "spend_90d" in spoken.stderr


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("preview", "nowhere.json"), 1, "cannot be read"),
        (("members", "at-rusk"), 1, "Did you mean at-risk"),
        (("explain", "99", "at-risk", "--as-of", "2026-01-10"), 1, "no customer"),
        (("import", "orders", "nowhere.csv"), 1, "nowhere.csv"),
        (("import", "odors", "a.csv"), 2, "no table"),
        (("import", "orders"), 2, "no file"),
        (("import",), 2, "TABLE FILE"),
        (("nightly", "--as-of", "tomorrow"), 2, "as-of"),
        (("members", "at-risk", "--as-of", "2026-01-10", "-o", "x.xlsx"), 2, "neither"),
        (("members", "at-risk", "--as-of", "2026-01-10", "--fields", "spent"), 1, "no field"),
        (("segments", "show", "at-risk", "--sql", "--dialect", "oracle"), 1, "oracle"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_exit_status(shop: Path, words: tuple[str, ...], status: int, says: str) -> None:
    here = () if words[0] == "frobnicate" else ("-w", str(shop))
    result = run(*words, *here)
    assert result.exit_code == status, result.output
    assert says in " ".join(result.output.replace("│", " ").split())
    assert not isinstance(result.exception, Exception) or result.exit_code


def test_no_workspace_is_a_sentence(tmp_path: Path) -> None:
    result = run("nightly", "-w", tmp_path, "--json")
    assert result.exit_code == 1
    assert "segml init" in json.loads(result.stdout)["error"]
    assert run("init", tmp_path, "--time-zone", "Europe/Rom").exit_code == 1


@pytest.mark.slow
def test_demo_makes_a_restaurant_and_stays_put(tmp_path: Path) -> None:
    made = answer("demo", "-w", tmp_path / "demo", "--customers", "120", "--no-serve")
    assert made["as_of"] == "2026-07-01"
    assert made["changed"]
    assert sum(segment["count"] or 0 for segment in made["segments"]) > 100
    again = answer("demo", "-w", tmp_path / "demo", "--customers", "120")
    assert not again["changed"]
    assert again["segments"] == made["segments"]
    other = run("demo", "-w", tmp_path / "demo", "--customers", "130")
    assert other.exit_code == 1
    assert "another workspace" in other.stderr
