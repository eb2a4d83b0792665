"""The synthetic restaurant keeps its promises: same bytes, sums to the cent, gaps as stated."""

import json
import math
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from segml.core.errors import SegmlError
from segml.core.tables import KNOWN_AT, TABLE, TABLES, TIERS
from segml.datasets.restaurant import RestaurantPlan, write_restaurant
from segml.datasets.synthetic.calendar import CLOCKS, Calendar, calendar

PLAN = RestaurantPlan(customers=2_400, seed=7)
DAY = 86_400
TRUTH = ("truth/guests", "truth/sends", "truth/adjustments", "truth/companions")


class Town:
    """A restaurant on disk, read lazily by name."""

    def __init__(self, folder: Path, plan: RestaurantPlan) -> None:
        self.folder, self.plan = folder, plan
        self.rows = write_restaurant(folder, plan)

    def __getitem__(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / f"{name}.parquet")

    @property
    def process(self) -> dict[str, Any]:
        return json.loads((self.folder / "truth" / "process.json").read_text("utf-8"))

    @property
    def orders(self) -> pl.DataFrame:
        """Return the order rows without the ones written twice."""
        return self["orders"].unique("order_id", keep="first", maintain_order=True)

    @property
    def sales(self) -> pl.DataFrame:
        return self.orders.filter(~pl.col("refund"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(tmp_path_factory.mktemp("town"), PLAN)


def seconds(times: pl.Series) -> np.ndarray:
    """Return local seconds since the start of the first day."""
    start = datetime.combine(PLAN.first_day, datetime.min.time())
    return (times - start).dt.total_seconds().to_numpy()


def gamma_cdf(shape: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the gamma distribution function by its power series."""
    x = np.clip(x, 1e-300, 60.0)  # beyond 60 it is 1 for every shape that occurs
    log_gamma = np.vectorize(math.lgamma)(shape + 1)
    term = np.exp(shape * np.log(x) - x - log_gamma)
    total = term.copy()
    for step in range(1, 180):
        term = term * (x / (shape + step))
        total += term
    return np.clip(total, 0, 1)


def distance_from_uniform(values: np.ndarray) -> float:
    """Return the Kolmogorov-Smirnov statistic times the root of the number of values."""
    ranked = np.sort(values)
    n = len(ranked)
    above = np.arange(1, n + 1) / n - ranked
    below = ranked - np.arange(n) / n
    return float(max(above.max(), below.max()) * math.sqrt(n))


def test_same_plan_same_bytes(town: Town, tmp_path: Path) -> None:
    write_restaurant(tmp_path, PLAN)
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert len(files) == 13
    for file in files:
        assert (tmp_path / file).read_bytes() == (town.folder / file).read_bytes(), file


def test_another_seed_is_another_town(town: Town, tmp_path: Path) -> None:
    other = Town(tmp_path, RestaurantPlan(customers=2_400, seed=8))
    assert other.rows["restaurants"] == town.rows["restaurants"]
    assert not other["orders"].head(100).equals(town["orders"].head(100))


def test_larger_town_keeps_the_guests_of_the_smaller(town: Town, tmp_path: Path) -> None:
    larger = Town(tmp_path, RestaurantPlan(customers=2_600, seed=7))
    assert larger["customers"]["customer_id"].max() == 2_600
    for name in (*TABLE, *TRUTH):
        mine, theirs = town[name], larger[name]
        if name in {"order_items", "truth/adjustments"}:
            theirs = theirs.filter(pl.col("order_id").is_in(town["orders"]["order_id"].implode()))
        for column in {"customer_id", "referred_customer_id"} & set(mine.columns):
            theirs = theirs.filter(pl.col(column) <= 2_400)
        # Rows written twice stand at the end of a chunk, which a larger town has elsewhere.
        assert mine.hash_rows(0).sort().equals(theirs.hash_rows(0).sort()), name


def test_progress_and_row_counts(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    plan = RestaurantPlan(customers=2_600, last_day=date(2024, 4, 30))
    rows = write_restaurant(tmp_path, plan, lambda done, total: seen.append((done, total)))
    assert seen == [(2_500, 2_600), (2_600, 2_600)]
    for name, count in rows.items():
        assert pl.scan_parquet(tmp_path / f"{name}.parquet").select(pl.len()).collect().item() == (
            count
        )


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_tables_have_canonical_columns(town: Town, table: Any) -> None:
    frame = town[table.name]
    allowed = {column.name for column in table.columns} | {KNOWN_AT.name}
    assert set(frame.columns) <= allowed
    for column in table.columns:
        if column.required:
            assert frame[column.name].null_count() == 0, column.name
        if column.choices:
            assert set(frame[column.name].drop_nulls().unique()) <= set(column.choices)


def test_types_are_exact(town: Town) -> None:
    orders = town["orders"].schema
    assert orders["amount"] == pl.Decimal(12, 2)
    assert orders["ordered_at"] == pl.Datetime("us")
    assert town["order_items"].schema["price"] == pl.Decimal(12, 2)
    assert town["customers"].schema["birthday"] == pl.Date
    assert town["customers"].schema["tags"] == pl.List(pl.String)


def test_rows_refer_to_rows_that_exist(town: Town) -> None:
    customers = town["customers"]["customer_id"].unique()
    assert customers.sort().to_list() == list(range(1, PLAN.customers + 1))
    for name in ("orders", "messages", "reviews", "referrals", "loyalty"):
        assert town[name]["customer_id"].is_in(customers.implode()).all(), name
    assert town["referrals"]["referred_customer_id"].is_in(customers.implode()).all()
    sold = town.sales["order_id"]
    assert set(town["order_items"]["order_id"]) == set(sold)
    places = town["restaurants"]["restaurant_id"]
    assert town["orders"]["restaurant_id"].is_in(places.implode()).all()


def test_amount_is_prices_less_reductions_to_the_cent(town: Town) -> None:
    gross = town["order_items"].group_by("order_id").agg(pl.col("price").sum())
    bills = town.sales.join(gross, on="order_id", validate="1:1")
    bills = bills.join(town["truth/adjustments"], on="order_id", how="left", validate="1:1")
    off = pl.col("discount").fill_null(0) + pl.col("lowered").fill_null(0)
    assert bills.filter(pl.col("amount") != pl.col("price") - off).is_empty()
    assert bills["amount"].min() == 0
    used = bills.filter(pl.col("coupon").is_not_null())
    assert len(used) > 100
    assert (used["discount"] > 0).all()
    assert bills.filter(pl.col("coupon").is_null())["discount"].fill_null(0).max() == 0


def test_nothing_before_registration_or_after_the_last_day(town: Town) -> None:
    created = town["customers"].group_by("customer_id").agg(pl.col("created_at").first())
    end = datetime.combine(PLAN.last_day + timedelta(days=1), datetime.min.time())
    assert created["created_at"].min() >= datetime.combine(PLAN.first_day, datetime.min.time())
    times = {"orders": "ordered_at", "messages": "occurred_at", "reviews": "reviewed_at"}
    for name, time in (times | {"loyalty": "changed_at"}).items():
        facts = town[name].join(created, on="customer_id", validate="m:1")
        assert facts.filter(pl.col(time) < pl.col("created_at")).is_empty(), name
        assert facts[time].max() < end, name
    late = town.orders.filter(pl.col("known_at").is_not_null())
    assert len(late) > 100
    assert (late["known_at"] > late["ordered_at"]).all()
    assert late["known_at"].max() < end


def test_shut_doors_and_opening_hours(town: Town) -> None:
    local = town.sales.select(
        day=(pl.col("ordered_at") - pl.duration(hours=4)).dt.date(),
        hour=pl.col("ordered_at").dt.hour(),
    )
    closed = {date.fromisoformat(day["date"]) for day in town.process["days"] if day["closed"]}
    assert len(closed) >= 6
    assert not closed & set(local["day"])
    assert set(local["hour"]) == {0, 1, *range(11, 24)}


def test_refunds_follow_their_sale(town: Town) -> None:
    refunds = town.orders.filter(pl.col("refund"))
    assert len(refunds) > 50
    assert (refunds["amount"] < 0).all()
    spent = town.orders.group_by("customer_id").agg(pl.col("amount").sum())
    assert (spent["amount"] >= 0).all()
    assert set(refunds["order_id"]).isdisjoint(town["order_items"]["order_id"])


def test_rows_written_twice_are_counted(town: Town) -> None:
    rows, first = town["orders"], town.orders
    again = rows.filter(~pl.col("order_id").is_first_distinct())
    both = again.join(first, on="order_id", suffix="_first")
    conflicting = both.filter(pl.col("amount") != pl.col("amount_first")).height
    counts = town.process["dirt"]["orders"]
    assert counts == {
        "exact_duplicates": again.height - conflicting,
        "conflicting_duplicates": conflicting,
    }
    assert min(counts.values()) > 0
    people = town["customers"]
    twice = people.height - people.select("customer_id", "known_at").unique().height
    assert town.process["dirt"]["customers"]["exact_duplicates"] == twice


def test_half_come_once_and_a_few_come_often(town: Town) -> None:
    visits = town.sales.group_by("customer_id").len()["len"]
    assert 0.40 <= (visits == 1).mean() <= 0.60
    assert 13 <= visits.mean() <= 25
    assert visits.quantile(0.99) > 100
    lines = town["order_items"].group_by("order_id").len()["len"]
    assert 2.3 <= lines.mean() <= 2.7


def test_birthdays_are_missing_not_at_random(town: Town) -> None:
    latest = town["customers"].group_by("customer_id", maintain_order=True).last()
    member = pl.col("customer_id").is_in(town["loyalty"]["customer_id"].unique().implode())
    known = latest.select(member.alias("member"), pl.col("birthday").is_not_null().alias("known"))
    share = dict(known.group_by("member").agg(pl.col("known").mean()).iter_rows())
    assert share[True] > 0.6
    assert share[False] < 0.2


def test_tiers_follow_the_spend_rule(town: Town) -> None:
    learned = town.orders.with_columns(
        known=pl.coalesce("known_at", "ordered_at"), cents=(pl.col("amount") * 100).cast(pl.Int64)
    )
    books = dict(learned.group_by("customer_id").agg("known", "cents").rows_by_key("customer_id"))
    changes = town["loyalty"].group_by("customer_id").agg("changed_at", "tier")
    year, checked = timedelta(days=365), 0
    for customer, times, tiers in changes.head(400).iter_rows():
        known, cents = books[customer][0]
        checks = [*times, *(time for time in known if time >= times[0])]
        for at in checks:
            tier = [tier for time, tier in zip(times, tiers, strict=True) if time <= at][-1]
            if tier == "none":
                continue
            spent = sum(c for t, c in zip(known, cents, strict=True) if at - year < t <= at)
            right = TIERS[1 + sum(spent >= cut * 100 for cut in PLAN.tier_cuts)]
            assert tier == right, (customer, at, spent)
            checked += 1
        assert all(one != two for one, two in pairwise(tiers))
    assert checked > 5_000


def test_nothing_is_sent_after_goodbye(town: Town) -> None:
    said = town["messages"]
    over = said.filter(pl.col("kind").is_in(["unsubscribed", "bounced"]))
    assert set(over["kind"]) == {"unsubscribed", "bounced"}
    last_word = over.group_by("customer_id").agg(pl.col("occurred_at").min().alias("over"))
    sent = said.filter(pl.col("kind") == "sent").join(last_word, on="customer_id")
    assert sent.filter(pl.col("occurred_at") > pl.col("over")).is_empty()
    profile = town["customers"].group_by("customer_id", maintain_order=True)
    first, last = profile.first(), profile.last()
    for channel in ("email", "sms"):
        mine = said.filter((pl.col("channel") == channel) & (pl.col("kind") == "sent"))
        agreed = first.filter(pl.col(f"{channel}_opt_in"))["customer_id"]
        assert mine["customer_id"].is_in(agreed.implode()).all()
        gone = over.filter((pl.col("kind") == "unsubscribed") & (pl.col("channel") == channel))
        now = last.filter(pl.col("customer_id").is_in(gone["customer_id"].implode()))
        assert len(now) > 3
        assert not now[f"{channel}_opt_in"].any()


def test_coins_fall_as_their_propensity_says(town: Town) -> None:
    coins = town["truth/sends"]
    sent = town["messages"].filter(pl.col("kind") == "sent")
    assert coins["sent"].sum() == sent.height == sent["message_id"].n_unique()
    groups = coins.group_by("propensity").agg(pl.len(), pl.col("sent").mean().alias("share"))
    assert groups.height >= 8
    p = groups["propensity"]
    z = (groups["share"] - p) / (p * (1 - p) / groups["len"]).sqrt()
    assert z.abs().max() < 4


def test_messages_move_the_persuadable_only(town: Town) -> None:
    """In the period of a message: visits per guest still there, reached against held back."""
    guests = town["truth/guests"].filter(pl.col("person") == 0)
    coins = town["truth/sends"].join(
        guests.select("customer_id", "response", "dropped_at"), on="customer_id"
    )
    coins = coins.filter(
        pl.col("dropped_at").is_null() | (pl.col("dropped_at") > pl.col("decided_at"))
    )
    visits = town.sales.select("customer_id", "ordered_at")
    pairs = coins.join(visits, on="customer_id").filter(
        pl.col("ordered_at").is_between("decided_at", pl.col("decided_at") + pl.duration(days=14))
    )
    counts = pairs.group_by("customer_id", "campaign_id").len("visits")
    coins = coins.join(counts, on=["customer_id", "campaign_id"], how="left").fill_null(0)
    means = coins.group_by("response", "reached").agg(pl.col("visits").mean())
    mean = {(kind, reached): visits for kind, reached, visits in means.iter_rows()}
    ratio = {kind: mean[kind, True] / mean[kind, False] for kind in coins["response"].unique()}
    assert ratio["persuadable"] > 1.5
    assert ratio["sleeping_dog"] < 0.8
    assert 0.8 < ratio["sure_thing"] < 1.25


def rhythm(town: Town) -> tuple[Calendar, pl.DataFrame, pl.DataFrame]:
    """Return calendar, guests who share no card, and their visits with own operational time."""
    days = calendar(town.plan)
    guests = town["truth/guests"].filter(pl.len().over("customer_id") == 1)
    visits = town.sales.join(guests, on="customer_id").sort("customer_id", "ordered_at")
    clock = np.array([CLOCKS.index(name) for name in visits["clock"]])
    day, fraction = days.position(seconds(visits["ordered_at"]), visits["lunch_share"].to_numpy())
    own = days.paced(clock, day, fraction, np.stack(visits["pace"].to_numpy()))
    drop = days.at(days.dropout, clock, day, fraction)
    return days, guests, visits.with_columns(own=own, drop=drop, service_day=day)


def test_gaps_in_own_time_are_gamma(town: Town) -> None:
    _, _, visits = rhythm(town)
    # Chosen by what does not depend on the gaps, so that the first twenty are not the short ones.
    sure = pl.col("dropped_at").is_null() & pl.col("comes_back")
    last = pl.lit(PLAN.last_day) - pl.col("joined_at").dt.date()
    often = visits.filter(sure & (last.dt.total_days() * pl.col("visit_rate") > 80))
    gaps = often.with_columns(
        gap=pl.col("own").diff().over("customer_id"),
        plain=pl.col("ordered_at").diff().over("customer_id").dt.total_seconds() / DAY,
        number=pl.int_range(pl.len()).over("customer_id"),
    ).filter(pl.col("number").is_between(1, 20))
    assert gaps["customer_id"].n_unique() > 60
    assert (gaps.group_by("customer_id").len()["len"] == 20).all()
    shape, rate = gaps["regularity"].to_numpy(), gaps["visit_rate"].to_numpy()
    own, plain = gaps["gap"].to_numpy(), gaps["plain"].to_numpy()
    assert distance_from_uniform(gamma_cdf(shape, shape * rate * own)) < 1.63  # 1 % level
    # The warp and the regularity matter: without either the fit is plainly wrong.
    assert distance_from_uniform(gamma_cdf(shape, shape * rate * plain)) > 2.5
    assert distance_from_uniform(gamma_cdf(np.ones_like(shape), rate * own)) > 2.5


def test_truth_gives_the_exact_chance_of_silence(town: Town) -> None:
    """process.json's formula from the published truth, against what happened in 60 days."""
    horizon = 60
    days, _, visits = rhythm(town)
    as_of = (days.days - horizon) * DAY
    past = visits.filter(pl.Series(seconds(visits["ordered_at"]) < as_of))
    last = past.group_by("customer_id", maintain_order=True).agg(
        pl.all().last(), pl.len().alias("visits")
    )
    later = visits.filter(pl.Series(seconds(visits["ordered_at"]) >= as_of))["customer_id"]
    silent = ~last["customer_id"].is_in(later.implode()).to_numpy()
    chance = chances(days, last, as_of)
    for low, high in ((0.0, 0.2), (0.2, 0.8), (0.8, 1.0), (0.0, 1.0)):
        here = (chance >= low) & (chance <= high)
        assert here.sum() > 40
        spread = math.sqrt((chance[here] * (1 - chance[here])).sum())
        assert abs(silent[here].sum() - chance[here].sum()) < 3 * spread, (low, high)


def chances(days: Calendar, last: pl.DataFrame, as_of: int) -> np.ndarray:
    """Return P(no visit from `as_of` to the end | silent since the last visit, truth)."""
    clock = np.array([CLOCKS.index(name) for name in last["clock"]])
    lunch, pace = last["lunch_share"].to_numpy(), np.stack(last["pace"].to_numpy())
    daily = np.repeat(pace, np.diff(days.periods), axis=1) * days.factor[clock]
    own = np.concatenate([np.zeros((len(clock), 1)), daily.cumsum(axis=1)], axis=1)
    day, fraction = days.position(np.full(len(clock), as_of), lunch)
    now = days.paced(clock, day, fraction, pace)
    drop = days.dropout[clock]
    middle = (drop[:, 1:] + drop[:, :-1]) / 2 - last["drop"].to_numpy()[:, None]
    stays = np.exp(-last["dropout_rate"].to_numpy()[:, None] * np.maximum(middle, 0))
    shape, rate = last["regularity"].to_numpy()[:, None], last["visit_rate"].to_numpy()[:, None]
    returns = np.where(last["visits"] == 1, last["return_probability"].to_numpy(), 1.0)

    def silence(until: np.ndarray) -> np.ndarray:
        since = np.clip(own, None, until[:, None]) - last["own"].to_numpy()[:, None]
        visited = gamma_cdf(shape, shape * rate * np.maximum(since, 0))
        return 1 - returns * (np.diff(visited, axis=1) * stays).sum(axis=1)

    return np.asarray(silence(own[:, -1]) / silence(now))


def test_a_plan_that_cannot_be_names_every_fault() -> None:
    with pytest.raises(SegmlError, match=r"customers must be 1 or more; seed must not be negative"):
        RestaurantPlan(customers=0, seed=-1)
    with pytest.raises(SegmlError, match="last_day must lie 56 days or more"):
        RestaurantPlan(first_day=date(2024, 1, 1), last_day=date(2024, 1, 2))
