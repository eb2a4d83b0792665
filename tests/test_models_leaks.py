"""Every leak there is a name for, planted: refused, or without effect."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segml import Workspace, WorkspaceError
from segml.scoring.buying.mixture import fit_mixture
from segml.scoring.canaries import refuse_leaks, refuse_overlap
from segml.scoring.design import design
from segml.scoring.learners import Lesson
from segml.scoring.past import Share, labelled
from segml.scoring.silence import Buying, bought
from segml.scoring.training import active
from segml.storage.declarations import shipped_folder
from segml.study import Study
from trained_town import LATE

NIGHT = LATE - timedelta(days=60)


def study(workspace: Workspace, day: date, *also: str) -> Study:
    models = workspace.models
    spec = models.spec("churn")
    return models._study(replace(spec, features=(*spec.features, *also)), day)


def lesson(of: Study) -> Lesson:
    rows, label = labelled(of, [NIGHT], of.as_of)
    return Lesson(rows, label, design(rows, of.spec.features), 0)


def active_rows(one: Lesson) -> np.ndarray:
    return one.frame.select(active()).to_series().to_numpy()


@pytest.fixture
def later(town: Workspace, tmp_path: Path) -> Workspace:
    """Return a copy of the town that goes on after `LATE` as it never did."""
    shutil.copytree(town.folder, tmp_path / "later")
    workspace = Workspace(tmp_path / "later")
    guests = workspace.members(
        {"combinator": "and", "rules": [{"field": "orders_total", "operator": ">=", "value": 1}]},
        as_of=LATE,
    )["customer_id"]
    files = _future(guests, tmp_path)
    workspace.import_files(files)
    return workspace


def _future(guests: pl.Series, folder: Path) -> list[tuple[str, Path]]:
    """Write facts of later days, and facts of earlier ones that only became known later."""
    many, ids = guests.len(), 10_000_000
    noon, soon = f"{LATE} 12:00", f"{LATE - timedelta(days=30)} 12:00"
    orders = pl.concat(
        [
            pl.DataFrame(
                {
                    "order_id": range(ids, ids + many),
                    "customer_id": guests,
                    "ordered_at": noon,
                    "amount": 999.0,
                    "known_at": noon,
                }
            ),
            # Ordered within the label window, but nobody knew of it on the day of training.
            pl.DataFrame(
                {
                    "order_id": range(ids + many, ids + 2 * many),
                    "customer_id": guests,
                    "ordered_at": soon,
                    "amount": 999.0,
                    "known_at": noon,
                }
            ),
        ]
    )
    loyalty = pl.DataFrame({"customer_id": guests, "tier": "platinum", "changed_at": noon})
    messages = pl.DataFrame(
        {
            "message_id": range(ids, ids + many),
            "customer_id": guests,
            "channel": "email",
            "kind": "opened",
            "occurred_at": noon,
        }
    )
    reviews = pl.DataFrame(
        {
            "review_id": range(ids, ids + many),
            "customer_id": guests,
            "rating": 1,
            "reviewed_at": noon,
        }
    )
    tables = {"orders": orders, "loyalty": loyalty, "messages": messages, "reviews": reviews}
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return [(name, folder / f"{name}.parquet") for name in tables]


def test_the_future_changes_neither_rows_nor_labels(town: Workspace, later: Workspace) -> None:
    before, after = (study(one, LATE) for one in (town, later))
    rows, label = labelled(before, [NIGHT], LATE)
    same, still = labelled(after, [NIGHT], LATE)
    assert same.equals(rows)
    assert (still == label).all()
    assert before.end == after.end
    # And the future is there: whoever looks back later sees it.
    _, known = labelled(study(later, LATE + timedelta(days=1)), [NIGHT], LATE + timedelta(days=1))
    assert label.any()
    assert not known.any()


@pytest.mark.slow
def test_the_future_does_not_change_a_byte_of_a_model(town: Workspace, later: Workspace) -> None:
    model = later.models.train("churn", as_of=LATE).report.trained.model
    assert model.digest == town.models._champions.of("churn_risk", LATE).model.digest


def test_an_earlier_origin_does_not_know_what_became_known_later(later: Workspace) -> None:
    looking_back = study(later, LATE + timedelta(days=1))
    rows = looking_back.rows(NIGHT)
    then = looking_back.labels(NIGHT, rows, LATE)
    now = looking_back.labels(NIGHT, rows, LATE + timedelta(days=1))
    assert then.sum() > 0
    assert now.sum() == 0


def test_windows_beyond_the_record_are_refused(town: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="not known before 2026-04-02"):
        town.models.evaluate("churn", as_of=date(2026, 2, 1))
    long_after = study(town, date(2027, 1, 1))
    assert long_after.end == date(2026, 4, 1)
    with pytest.raises(WorkspaceError, match="no order from 2026-04-01 on"):
        labelled(long_after, [date(2026, 3, 1)], long_after.as_of)


def test_a_mark_that_staff_set_afterwards_is_refused(town: Workspace) -> None:
    honest = lesson(study(town, LATE, "vip"))
    refuse_leaks(honest, "Churn", active_rows(honest))
    told = replace(honest, frame=honest.frame.with_columns(vip=pl.Series(honest.label)))
    with pytest.raises(WorkspaceError, match="“vip” alone tells the outcome of active customers"):
        refuse_leaks(told, "Churn", active_rows(told))
    # Filled in for those who came, and missing for the others, it tells as much.
    mark = pl.select(pl.when(~pl.Series(honest.label)).then(True)).to_series()
    holes = replace(honest, frame=honest.frame.with_columns(mark.alias("vip")))
    with pytest.raises(WorkspaceError, match="“vip” alone tells"):
        refuse_leaks(holes, "Churn", active_rows(holes))


def test_a_mark_that_is_mostly_right_is_refused(town: Workspace) -> None:
    """Of a profile one in ten may be wrong; a number of what guests did may be as good as that."""
    honest = lesson(study(town, LATE, "vip"))
    wrong = np.random.default_rng(1).random(len(honest.label)) < 0.1
    mostly = pl.Series(honest.label ^ wrong)
    told = replace(honest, frame=honest.frame.with_columns(vip=mostly))
    with pytest.raises(WorkspaceError, match="“vip” alone tells the outcome"):
        refuse_leaks(told, "Churn", active_rows(told))
    done = replace(honest, frame=honest.frame.with_columns(reviews_total=mostly.cast(pl.Int64)))
    refuse_leaks(done, "Churn", active_rows(done))
    blind = pl.Series(np.random.default_rng(2).permutation(honest.label))
    refuse_leaks(
        replace(honest, frame=honest.frame.with_columns(vip=blind)), "Churn", active_rows(honest)
    )


def test_a_training_with_such_a_mark_is_refused(town: Workspace, tmp_path: Path) -> None:
    """The whole way: marks of a profile that bear no day, set when the guests had left."""
    of = study(town, LATE)
    rows, label = labelled(of, [NIGHT], LATE)
    stayed = rows.filter(pl.Series(~label)).select("customer_id").unique()
    orders = (
        of.history(LATE).rows("orders").select("order_id", "customer_id", "ordered_at", "amount")
    )
    orders.collect().write_parquet(tmp_path / "orders.parquet")
    customers = orders.select("customer_id").unique().collect()
    marked = customers.with_columns(
        vip=pl.col("customer_id").is_in(stayed["customer_id"].implode())
    )
    marked.write_parquet(tmp_path / "customers.parquet")
    workspace = Workspace.create(tmp_path / "marked", town.settings)
    (workspace.folder / "models").mkdir()
    shipped = (shipped_folder() / "churn.toml").read_text("utf-8")
    declared = shipped.replace('"referrals_total",', '"referrals_total", "vip",')
    (workspace.folder / "models" / "churn.toml").write_text(declared, encoding="utf-8")
    workspace.import_files([(one, tmp_path / f"{one}.parquet") for one in ("customers", "orders")])
    with pytest.raises(WorkspaceError, match="“vip” alone tells the outcome"):
        workspace.models.train("churn", as_of=LATE)


def test_customers_who_first_order_later_are_refused(town: Workspace) -> None:
    honest = lesson(study(town, LATE))
    for early in (None, 0, -3):
        first = pl.when(pl.int_range(pl.len()) < 7).then(early).otherwise("days_since_first_order")
        planted = honest.frame.with_columns(days_since_first_order=first)
        with pytest.raises(WorkspaceError, match="7 rows are of customers who ordered first"):
            refuse_leaks(replace(honest, frame=planted), "Churn", active_rows(honest))


def test_no_row_is_of_somebody_who_had_not_ordered(town: Workspace) -> None:
    rows, _ = labelled(study(town, LATE), [NIGHT], LATE)
    assert (rows["days_since_first_order"] >= 1).all()
    assert (rows["days_since_last_order"] >= 1).all()
    known = town.features(["orders_total"], as_of=NIGHT)
    assert rows.height == known.filter(pl.col("orders_total") > 0).height
    assert rows.height < study(town, LATE).rows(LATE).height


def test_the_same_customer_on_both_sides_is_refused() -> None:
    refuse_overlap(pl.Series([1, 2, 2]), pl.Series([3, 4]))
    with pytest.raises(WorkspaceError, match="2 customers are both learned from and judged on"):
        refuse_overlap(pl.Series([1, 2, 3, 3]), pl.Series([3, 2, 2, 5]))


def test_the_certificate_rests_on_customers_nothing_was_learned_from(town: Workspace) -> None:
    of = study(town, LATE)
    taught, _ = labelled(of, [NIGHT], LATE, Share(0.2, 1.0, seed=20))
    held, _ = labelled(of, [NIGHT], LATE, Share(0.0, 0.2, seed=20))
    refuse_overlap(taught["customer_id"], held["customer_id"])
    assert taught.height + held.height == of.rows(NIGHT).height


def test_many_customers_are_learned_from_by_lot(town: Workspace) -> None:
    everybody = study(town, LATE)
    some = replace(everybody, most=400, _rows={})
    rows, many = some.rows(LATE), everybody.rows(LATE).height
    assert everybody.share == 1
    assert some.share == 400 / many
    assert abs(rows.height - 400) < 60
    # The same customers on every night.
    then = some.rows(NIGHT)["customer_id"]
    assert then.is_in(rows["customer_id"].implode()).all()
    assert then.len() > 200


def test_the_model_of_buying_sees_only_whom_is_learned_from(town: Workspace) -> None:
    """Order days up to now tell what came of past nights."""
    rows = study(town, LATE).rows(LATE)
    taught = Share(0.2, 1.0, seed=20).of(rows["code"].to_numpy())
    assert 0 < (~taught).sum() < taught.sum()
    model = town.models.board(("churn",), as_of=LATE).speakers["churn"].champion.model
    learned = model.learned["rhythm_logistic"]
    assert learned.design.buying == Buying(60, fit_mixture(bought(rows.filter(taught))))
    assert learned.design.buying != Buying(60, fit_mixture(bought(rows)))


def test_texts_are_numbered_by_the_rows_learned_from_alone(town: Workspace) -> None:
    rows, _ = labelled(study(town, LATE, "favorite_category"), [NIGHT], LATE)
    fields = ("order_days_total", "favorite_category")
    found = design(rows, fields)
    unseen = rows.head(3).with_columns(favorite_category=pl.lit("never seen"))
    assert "never seen" not in found.words["favorite_category"]
    assert np.isnan(found.matrix(unseen)[:, 1]).all()
    assert found.words == design(rows.sample(fraction=1, shuffle=True, seed=1), fields).words
