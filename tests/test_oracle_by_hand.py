"""The oracle's answer about one guest is the one that a hand, or brute force, comes to."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segml.datasets.oracle import ceiling, knowing
from segml.datasets.restaurant import RestaurantPlan, write_restaurant


@dataclass(frozen=True, slots=True)
class Lonely:
    """A restaurant of one guest on days that are all alike, so that its answer fits on a line.

    Operational days are days. All visits are at 01:30, when anybody's service day is over: after
    days 28, 35, 56 and 70. Then come 39 days of silence, the date, and 30 days to be asked about.
    """

    folder: Path
    plan: RestaurantPlan
    as_of: date = date(2024, 4, 20)
    horizon: int = 30
    visits: tuple[int, ...] = (28, 35, 56, 70)
    silent: int = 39

    def write(self, *, reached_by: tuple[int, ...] = (), **guest: float) -> None:
        """Write the restaurant with a guest of these parameters, whom some campaigns reached."""
        write_restaurant(self.folder, self.plan)
        truth = self.folder / "truth"
        process = json.loads((truth / "process.json").read_text("utf-8"))
        for day in process["days"]:
            day |= {"factor": [1.0, 1.0, 1.0], "drift": 1.0}
        (truth / "process.json").write_text(json.dumps(process), "utf-8")
        midnight = datetime.combine(self.plan.first_day, time(1, 30))
        self._replace(
            "orders",
            order_id=list(range(len(self.visits))),
            customer_id=[1] * len(self.visits),
            ordered_at=[midnight + timedelta(days=day + 1) for day in self.visits],
            amount=[1] * len(self.visits),
            refund=[False] * len(self.visits),
        )
        self._replace(
            "truth/sends",
            campaign_id=list(reached_by),
            customer_id=[1] * len(reached_by),
            propensity=[0.5] * len(reached_by),
            reached=[True] * len(reached_by),
        )
        self._replace("truth/companions")
        guests = pl.read_parquet(truth / "guests.parquet").filter(pl.col("person") == 0)
        guests.with_columns(
            clock=pl.lit("everyday"),
            lunch_share=0.5,
            response=pl.lit("lost_cause"),
            card=False,
            pace=pl.col("pace").list.eval(pl.element() * 0 + 1),
            **{name: pl.lit(value) for name, value in guest.items()},
        ).write_parquet(truth / "guests.parquet")

    def _replace(self, name: str, **columns: list[object]) -> None:
        """Write a file anew with these columns, null in the others."""
        path = self.folder / f"{name}.parquet"
        schema = pl.read_parquet_schema(path)
        rows = len(next(iter(columns.values()), []))
        pl.DataFrame(
            {column: columns.get(column, [None] * rows) for column in schema}, schema=schema
        ).write_parquet(path)


def poisson_silence(rate: np.ndarray, leaving: np.ndarray, days: float) -> np.ndarray:
    """Return the chance of silence of one who comes by pure chance and leaves by pure chance."""
    return (leaving + rate * np.exp(-(rate + leaving) * days)) / (rate + leaving)


def one(frame: pl.DataFrame) -> float:
    assert frame["customer_id"].to_list() == [1]
    return frame["stays_away"].item()


def test_a_guest_by_pure_chance_fits_on_a_line(tmp_path: Path) -> None:
    """P = F(u + 30) / F(u), F(u) = (m + l exp(-(l + m) u)) / (l + m)."""
    rate, leaving = 0.05, 0.01
    plan = RestaurantPlan(
        customers=1,
        last_day=date(2024, 12, 31),
        visit_rate=rate,
        visit_rate_spread=0,
        dropout_rate=leaving,
        dropout_rate_spread=0,
        regularity=1,
        regularity_spread=0,
    )
    lonely = Lonely(tmp_path, plan)
    lonely.write(visit_rate=rate, dropout_rate=leaving, regularity=1.0)
    until_end = poisson_silence(rate, leaving, lonely.silent + lonely.horizon)
    right = until_end / poisson_silence(rate, leaving, lonely.silent)
    assert one(knowing(tmp_path, lonely.as_of, lonely.horizon)) == pytest.approx(right, rel=1e-9)
    # All guests of this plan are alike, so the restaurant knows them; but somebody else may come to
    # share the card, as on one of a hundred, at a time that has the density of the town's growth.
    growth = (1 + plan.growth_per_year) ** (np.arange(366) / 365.25)
    gone = (lonely.as_of - plan.first_day).days
    away, coming = growth[gone:].sum(), growth[gone : gone + lonely.horizon].sum()
    shared = 0.01 * away / (0.99 * growth.sum() + 0.01 * away)
    seen = one(ceiling(tmp_path, lonely.as_of, lonely.horizon))
    assert seen == pytest.approx(right * (1 - shared * coming / away), rel=1e-9)


def posterior_chance(lonely: Lonely, *, mailed: bool) -> float:
    """Return the chance of staying away by half a million guests drawn from the prior.

    They are weighted by the density of what was seen of the one. Where the mail of the periods that
    begin on days 28 and 56 reached the guest, the days up to 42 and 70 count by its effect e: the
    gaps of 7, 21 and 14 days are 7 e, 14 + 7 e and 1 + 13 e long, and two visits lie in them.
    """
    plan = lonely.plan
    rng = np.random.default_rng(5)
    z = rng.multivariate_normal([0, 0], [[1, -0.3], [-0.3, 1]], 500_000)
    rate = np.minimum(plan.visit_rate * np.exp(plan.visit_rate_spread * z[:, 0]), 0.6)
    leaving = plan.dropout_rate * np.exp(plan.dropout_rate_spread * z[:, 1])
    effect = np.array(
        [plan.persuadable_pace, 1, 1, plan.sleeping_dog_pace] if mailed else [1.0] * 4
    )
    types = np.array([0.25, 0.42, 0.22, 0.11]) * np.exp(z[:, :1] * [0, 0.15, -0.1, 0])
    density = effect**2 * np.exp(-rate[:, None] * (15 + 27 * effect))
    weight = (types * density).sum(axis=1) / types.sum(axis=1) * rate**3 * np.exp(-42 * leaving)
    odds = plan.return_probability / (1 - plan.return_probability) * np.exp(0.5 * z[:, 0])
    weight *= odds / (1 + odds)
    profile = pl.read_parquet(lonely.folder / "customers.parquet").row(0, named=True)
    card = 1 / (1 + np.exp(0.2 - 0.5 * z[:, 0]))
    with_card, without = 0.6 ** len(lonely.visits), 1.0
    for name, taking, not_taking in (
        ("email_opt_in", 0.85, 0.45),
        ("sms_opt_in", 0.45, 0.15),
        ("instagram_follower", 0.22, 0.10),
    ):
        with_card *= taking if profile[name] else 1 - taking
        without *= not_taking if profile[name] else 1 - not_taking
    weight *= card * with_card + (1 - card) * without
    until_end = weight @ poisson_silence(rate, leaving, lonely.silent + lonely.horizon)
    return until_end / (weight @ poisson_silence(rate, leaving, lonely.silent))


@pytest.mark.parametrize("mailed", [False, True])
def test_ceiling_of_one_guest_is_the_posterior(mailed: bool, tmp_path: Path) -> None:
    plan = RestaurantPlan(
        customers=1,
        last_day=date(2024, 12, 31),
        regularity=1,
        regularity_spread=0,
        persuadable_pace=4,
        sleeping_dog_pace=0.25,
    )
    lonely = Lonely(tmp_path, plan)
    lonely.write(
        reached_by=(1, 2) if mailed else (), visit_rate=0.05, dropout_rate=0.001, regularity=1.0
    )
    seen = one(ceiling(tmp_path, lonely.as_of, lonely.horizon, draws=20_000))
    # The difference that is left is the chance that somebody comes to share the card.
    assert seen == pytest.approx(posterior_chance(lonely, mailed=mailed), rel=0.003)
