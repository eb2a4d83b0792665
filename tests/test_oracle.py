"""The oracle is right: calibrated, blind to the future, and exact where a hand can check it."""

import math
import shutil
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from segml.core.errors import SegmlError, UnknownName
from segml.datasets.oracle import TRAITS, ceiling, knowing, stayed_away, trait
from segml.datasets.restaurant import RestaurantPlan, write_restaurant

AS_OF = date(2026, 4, 2)  # 90 days before the end of the default record
HORIZON = 60


@dataclass(frozen=True, slots=True)
class Answers:
    """What the oracle says of a restaurant, and what any restaurant could say by recency."""

    folder: Path
    customers: pl.Series
    stayed: np.ndarray
    knowing: np.ndarray
    ceiling: np.ndarray
    days_silent: np.ndarray
    active: np.ndarray

    @property
    def recency(self) -> np.ndarray:
        """Return chances fitted to the recency of the very customers they are about."""
        silent = np.log(self.days_silent)[:, None]
        x = np.hstack([silent, silent**2, self.active[:, None], self.active[:, None] * silent])
        model = LogisticRegression(C=1e6, max_iter=1_000).fit(x, self.stayed)
        return model.predict_proba(x)[:, 1]


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(4))


def visits(folder: Path) -> pl.DataFrame:
    """Return the sales, each once, with the day they belong to and the time they were learned."""
    orders = pl.read_parquet(folder / "orders.parquet").unique("order_id", keep="first")
    return orders.filter(~pl.col("refund")).select(
        "customer_id",
        "ordered_at",
        known=pl.coalesce("known_at", "ordered_at"),
        day=(pl.col("ordered_at") - pl.duration(hours=4)).dt.date(),
    )


def answers(folder: Path, plan: RestaurantPlan, draws: int = 48) -> Answers:
    write_restaurant(folder, plan)
    stayed = stayed_away(folder, AS_OF, HORIZON)
    knew, best = knowing(folder, AS_OF, HORIZON), ceiling(folder, AS_OF, HORIZON, draws)
    for frame in (knew, best):
        assert frame.columns == ["customer_id", "stays_away"]
        assert frame["customer_id"].equals(stayed["customer_id"])
        assert frame["stays_away"].is_between(0, 1).all()
    seen = visits(folder).filter(pl.col("known") < start_of(AS_OF))
    days = seen.group_by("customer_id").agg(
        pl.col("day").n_unique().alias("days"), pl.col("day").max().alias("last")
    )
    days = stayed.join(days, on="customer_id", maintain_order="left")
    silent = (pl.Series([AS_OF] * len(days)) - days["last"]).dt.total_days().to_numpy()
    return Answers(
        folder=folder,
        customers=stayed["customer_id"],
        stayed=stayed["stayed_away"].to_numpy(),
        knowing=knew["stays_away"].to_numpy(),
        ceiling=best["stays_away"].to_numpy(),
        days_silent=silent,
        active=(days["days"].to_numpy() >= 2) & (silent < 60),
    )


@pytest.fixture(scope="module")
def habit(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Return a restaurant of the default plan, whose guests are creatures of habit."""
    return answers(tmp_path_factory.mktemp("habit"), RestaurantPlan(customers=4_500, seed=11))


@pytest.fixture(scope="module")
def chance(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Return a restaurant whose guests come by pure chance."""
    plan = RestaurantPlan(customers=2_500, seed=12, regularity=1.0)
    return answers(tmp_path_factory.mktemp("chance"), plan)


def assert_calibrated(said: np.ndarray, happened: np.ndarray) -> None:
    """Assert that shares in bins of the chance agree with it within binomial error."""
    edges = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0 + 1e-9)
    for low, high in (*pairwise(edges), (0.0, 1.0 + 1e-9)):
        here = (said >= low) & (said < high)
        assert here.sum() > 40, (low, high)
        spread = math.sqrt((said[here] * (1 - said[here])).sum())
        off = happened[here].sum() - said[here].sum()
        assert abs(off) < 3.3 * spread, (low, high, off / spread)


@pytest.mark.parametrize("town", ["habit", "chance"])
@pytest.mark.parametrize("who", ["knowing", "ceiling"])
def test_chances_come_true(town: str, who: str, request: pytest.FixtureRequest) -> None:
    here: Answers = request.getfixturevalue(town)
    said = getattr(here, who)
    assert_calibrated(said, here.stayed)
    spread = math.sqrt((said * (1 - said))[here.active].sum())
    assert abs((here.stayed - said)[here.active].sum()) < 3.3 * spread


@pytest.mark.parametrize("town", ["habit", "chance"])
@pytest.mark.parametrize("slice_", ["all", "active"])
def test_who_sees_less_loses_more(town: str, slice_: str, request: pytest.FixtureRequest) -> None:
    here: Answers = request.getfixturevalue(town)
    rows = here.active if slice_ == "active" else np.ones(len(here.stayed), dtype=bool)
    happened = here.stayed[rows]
    shares = np.full(rows.sum(), happened.mean())
    ranked = (here.knowing, here.ceiling, here.recency)
    losses = [log_loss(happened, chances[rows]) for chances in ranked]
    losses.append(log_loss(happened, shares))
    assert losses == sorted(losses)
    assert np.diff(losses).min() > 0.005
    ranks = [roc_auc_score(happened, chances[rows]) for chances in ranked]
    assert ranks == sorted(ranks, reverse=True)


@pytest.mark.slow
def test_recency_leaves_a_quarter_of_the_gain_to_others(tmp_path: Path) -> None:
    """On actives, over three default towns; all three are calibrated too."""
    gains = []
    for seed in (1, 2, 3):
        here = answers(tmp_path / str(seed), RestaurantPlan(customers=12_000, seed=seed), 128)
        assert_calibrated(here.knowing, here.stayed)
        assert_calibrated(here.ceiling, here.stayed)
        one_time = visits(here.folder)["customer_id"].value_counts()["count"] == 1
        assert 0.40 <= one_time.mean() <= 0.60
        rows = here.active
        auc = [
            roc_auc_score(here.stayed[rows], score[rows])
            for score in (here.days_silent, here.ceiling, here.knowing)
        ]
        assert auc[0] < auc[1] < auc[2]
        gains.append((auc[0] - 0.5) / (auc[1] - 0.5))
    # Seen: 0.77, 0.76, 0.75.
    assert np.mean(gains) < 0.78


def test_outcome_is_what_the_orders_say(habit: Answers) -> None:
    sold = visits(habit.folder)
    start, end = start_of(AS_OF), start_of(AS_OF + timedelta(days=HORIZON))
    known = set(sold.filter(pl.col("known") < start)["customer_id"])
    came = set(
        sold.filter(pl.col("ordered_at").is_between(start, end, closed="left"))["customer_id"]
    )
    assert habit.customers.to_list() == sorted(known)
    assert habit.stayed.tolist() == [customer not in came for customer in sorted(known)]
    late = sold.filter(pl.col("ordered_at") < start, pl.col("known") >= start)
    assert len(late) > 0


def test_the_future_changes_nothing(chance: Answers, tmp_path: Path) -> None:
    """All that happens or becomes known later is taken away or turned round."""
    town, start = tmp_path / "town", start_of(AS_OF)
    shutil.copytree(chance.folder, town)
    for name, future in {
        "orders": pl.coalesce("known_at", "ordered_at") >= start,
        "customers": pl.col("known_at").fill_null(start) > start,
    }.items():
        frame = pl.read_parquet(town / f"{name}.parquet")
        frame.filter(~future).write_parquet(town / f"{name}.parquet")
    guests = pl.read_parquet(town / "truth" / "guests.parquet")
    here = (AS_OF - date(2024, 1, 1)).days // 14
    paces = [[*row[: here + 1], *[9.0] * (len(row) - here - 1)] for row in guests["pace"]]
    guests.with_columns(
        pace=pl.Series(paces),
        comes_back=pl.lit(False),
        dropped_at=pl.lit(start),
        dropped_operational=pl.lit(0.0),
    ).write_parquet(town / "truth" / "guests.parquet")
    sends = pl.read_parquet(town / "truth" / "sends.parquet")
    coin = pl.col("decided_at") > start
    sends.with_columns(sent=pl.col("sent") ^ coin, reached=pl.col("reached") ^ coin).write_parquet(
        town / "truth" / "sends.parquet"
    )
    blind = ceiling(town, AS_OF, HORIZON, 48)["stays_away"].to_numpy()
    assert np.array_equal(blind, chance.ceiling)
    # Who knows the guests also knows of orders that are not in the books yet.
    late = visits(chance.folder).filter(pl.col("ordered_at") < start, pl.col("known") >= start)[
        "customer_id"
    ]
    other = chance.customers.is_in(late.implode()).to_numpy()
    knew = knowing(town, AS_OF, HORIZON)["stays_away"].to_numpy()
    assert np.array_equal(knew[~other], chance.knowing[~other])
    assert other.sum() < 100


def test_pieces_are_the_whole(tmp_path: Path) -> None:
    plan = RestaurantPlan(customers=2_600, seed=5, last_day=date(2024, 6, 30))
    as_of = date(2024, 5, 15)
    write_restaurant(tmp_path / "whole", plan)
    for number in range(2):
        piece = tmp_path / "data" / f"{number:03}"
        write_restaurant(piece, plan, blocks=range(number, number + 1))
    for answer in (knowing, stayed_away):
        pieces = answer(tmp_path / "data", as_of, 30)
        assert pieces.equals(answer(tmp_path / "whole", as_of, 30))
    few = ceiling(tmp_path / "data", as_of, 30, draws=8, seed=3)
    assert few.equals(ceiling(tmp_path / "whole", as_of, 30, draws=8, seed=3))
    assert not few.equals(ceiling(tmp_path / "whole", as_of, 30, draws=8, seed=4))


def test_a_trait_ranks_those_who_have_it_first(habit: Answers) -> None:
    guests = pl.read_parquet(habit.folder / "truth" / "guests.parquet")
    guests = guests.filter(pl.col("person") == 0)
    assert set(trait(habit.folder, "response", AS_OF)["value"]) == set(guests["response"])
    frequent = trait(habit.folder, "visit_rate", AS_OF)
    assert frequent["value"].to_list() == guests["visit_rate"].to_list()
    first, last = date(2024, 1, 1), date(2026, 6, 30)
    tastes = pl.DataFrame(
        {name: trait(habit.folder, name, first)["value"] for name in TRAITS[-10:]}
    )
    assert np.allclose(tastes.to_numpy(), np.stack(guests["taste"].to_numpy()))
    wine = trait(habit.folder, "wine", AS_OF)
    early = trait(habit.folder, "wine", first)["value"]
    late = trait(habit.folder, "wine", last)["value"]
    rising = (late > early).to_numpy()
    assert ((wine["value"] > early).to_numpy() == rising).all()
    # A segment of the trait, half of it known: the other half comes first among the candidates.
    lovers = wine.filter(pl.col("value") > 0.3)
    candidates = wine.join(lovers[::2], on="customer_id", how="anti").sort("value", descending=True)
    hidden = lovers[1::2]["customer_id"]
    assert set(candidates["customer_id"].head(len(hidden))) == set(hidden)


def test_refusals_say_what_would_be_right(habit: Answers, tmp_path: Path) -> None:
    with pytest.raises(SegmlError, match="holds no synthetic restaurant"):
        knowing(tmp_path, AS_OF, HORIZON)
    for as_of, horizon in ((AS_OF, 91), (AS_OF, 0), (date(2024, 1, 1), 30)):
        with pytest.raises(SegmlError, match=r"record is 2024-01-01 to 2026-06-30.*2024-01-02 and"):
            ceiling(habit.folder, as_of, horizon)
    write_restaurant(tmp_path / "tiny", RestaurantPlan(customers=1))
    with pytest.raises(SegmlError, match="Nobody had an order in the books before 2024-01-02"):
        stayed_away(tmp_path / "tiny", date(2024, 1, 2), HORIZON)
    with pytest.raises(UnknownName, match=r"visit_rate"):
        trait(habit.folder, "visitrate", AS_OF)
