"""Lookalikes find what their seeds have in common, say how well, and claim no more than that."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_array

from made_customers import customers, held
from segml import Workspace
from segml.core.errors import TooFewCustomers
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.scoring.lift import chance_curve, deciles, lift_curve, places, places_within
from segml.scoring.likeness import Likeness, linear
from segml.scoring.lookalike import Lookalike, lookalike
from segml.scoring.mixtures import Counts, Mixture
from segml.scoring.normal_scores import NormalScores, words_held

FIELDS = build(FEATURES).fields
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def learned(frame: pl.DataFrame, **counts: Counts) -> NormalScores:
    return NormalScores.learned(frame, counts, seed=0)


# Points


def test_normal_scores_have_mean_0_and_variance_1_whatever_the_scale() -> None:
    frame = customers(1_000, seed=1).drop("customer_id")
    axes = learned(frame)
    points = axes.points(frame, {})
    assert abs(points.mean(axis=0)).max() < 0.02
    assert abs(points.std(axis=0) - 1).max() < 0.03
    stretched = frame.with_columns(pl.col("spend_90d").log1p() * 7 - 3, pl.col("age") ** 3)
    same = learned(stretched).points(stretched, {})
    np.testing.assert_allclose(points, same, atol=0.05)


def test_what_is_missing_stands_at_0_and_what_is_beyond_at_the_end() -> None:
    frame = pl.DataFrame({"age": [10.0, 20.0, 30.0, None, float("nan")]})
    axes = learned(frame)
    points = axes.points(frame, {})
    age = [axis.reads for axis in axes.axes].index("value")
    assert points[3, age] == points[4, age] == points[1, age] == 0
    assert points[0, age] == -points[2, age]
    beyond = axes.points(pl.DataFrame({"age": [-1.0, 25.0, 99.0]}), {})[:, age]
    assert beyond.tolist() == [points[0, age], points[2, age] / 2, points[2, age]]


def test_words_are_held_as_rules_compare_them() -> None:
    lists = pl.Series([["Wine", "beer", "wine"], None, [], [None, "BEER"]])
    assert words_held(lists, ["wine", "beer"]).tolist() == [
        [True, True],
        [False, False],
        [False, False],
        [False, True],
    ]
    texts = pl.Series(["Wine", None, "beer"])
    assert words_held(texts, ["wine"]).tolist() == [[True], [False], [False]]


def test_a_mixture_is_of_shares_not_of_volume() -> None:
    random = np.random.default_rng(0)
    rows = random.poisson(2, (50, 4)).astype(float)
    rows[0] = 0
    things = ("a", "b", "c", "d")
    counts = Counts(things, csr_array(rows))
    mixture = Mixture.learned(counts, seed=0)
    parts = mixture.parts(counts)
    assert np.isnan(parts[0]).all()
    np.testing.assert_allclose(mixture.parts(Counts(things, csr_array(3 * rows))), parts)
    turned = Counts((*things[::-1], "new"), csr_array(np.c_[rows[:, ::-1], np.ones(50)]))
    np.testing.assert_allclose(mixture.parts(turned)[1:], parts[1:])


# Places and lift


def test_places_by_hand() -> None:
    assert places(np.array([5.0, 2.0, 0.0]), np.array([1, 2, 3, 4])).tolist() == [0, 0.625, 1]
    within = places_within(
        np.array([5.0, 2.0, 9.0]), np.array([1.0, 3.0]), np.array([0, 1, 2]), np.array([0, 1])
    )
    assert within[:2].tolist() == [0, 1]
    assert np.isnan(within[2])


def test_equal_activity_is_one_tenth() -> None:
    activity = np.array([0.0] * 60 + list(range(1, 41)) + [np.nan])
    tenths = deciles(activity, np.ones(101, dtype=bool))
    assert set(tenths[:60]) == {tenths[0]}
    assert tenths[-2] == 9
    assert tenths[-1] <= tenths[0]


def test_the_intervals_hold_the_truth() -> None:
    random = np.random.default_rng(4)
    chance, hits = chance_curve(60), np.zeros(2)
    for _ in range(400):
        curve = lift_curve(random.random((1, 60)))
        hits += curve.low[4] <= 1 <= curve.high[4], chance.low[4] <= curve.lift[4] <= chance.high[4]
    assert (hits >= 0.93 * 400).all()


# Lookalikes


def lift_of(like: Lookalike, kind: Mask) -> float:
    return float(kind[like.most_similar(0.05)].mean() / kind[like.candidates].mean())


def found(frame: pl.DataFrame, seeds: Mask, **asked: object) -> Lookalike:
    spend, orders = (frame[name].to_numpy() for name in ("lifetime_spend", "orders_total"))
    return lookalike(frame, seeds, spend=spend, activity=orders, fields=FIELDS, **asked)  # type: ignore[arg-type]


def taste(frame: pl.DataFrame, seed: int) -> Mask:
    """Return customers whose lunches and wine, not whose money, set them apart."""
    wine = frame["categories_ordered"].list.contains("Wine").fill_null(value=False)
    pull = 3 * frame["lunch_share"].fill_null(0) + 1.5 * wine - 4.5
    return np.random.default_rng(seed).random(len(pull)) < 1 / (1 + np.exp(-pull.to_numpy()))


def test_a_lookalike_finds_the_rest_of_its_kind() -> None:
    frame = customers(1_500, seed=3)
    kind = taste(frame, 1)
    seeds = kind & (np.random.default_rng(2).random(1_500) < 0.4)
    like = found(frame, seeds, candidates=frame["age"].to_numpy() >= 20)
    listed = like.most_similar(0.05)
    assert len(listed) == np.ceil(0.05 * like.candidates.sum())
    assert not seeds[listed].any()
    assert (frame["age"].to_numpy()[listed] >= 20).all()
    assert (np.diff(like.similarity[listed]) <= 0).all()
    assert lift_of(like, kind) > 1.8
    assert like.curve.low[4] <= lift_of(like, kind) <= like.curve.high[4]
    assert like.within_activity.low[4] > 1
    assert like.spenders.lift[4] < 1.5
    assert like.random.lift == (1,) * 10
    assert not like.warnings
    told = [difference.words for difference in like.differences]
    assert told[0].startswith("share of lunch orders is higher: ")
    assert any(words.startswith("categories ordered has “wine”: ") for words in told)
    assert abs(like.similarity[~seeds].mean()) < 0.05


def test_a_likeness_goes_through_json_and_scores_later_customers() -> None:
    frame = customers(500, seed=3)
    rows = csr_array(np.random.default_rng(1).poisson(1, (500, 3)))
    visits = Counts(("mon", "tue", "wed"), rows)
    like = found(frame, taste(frame, 1), counts={"weekdays": visits}).likeness
    again = Likeness.from_json(json.loads(json.dumps(like.as_json())))
    later = customers(300, seed=4)
    few = {"weekdays": visits.of(slice(0, 300))}
    scores = like.similarity(later, few)
    assert again.similarity(later, few).tolist() == scores.tolist()
    front = like.similarity(later[:50], {"weekdays": visits.of(slice(0, 50))})
    np.testing.assert_allclose(front, scores[:50], atol=1e-5)


def test_trees_join_where_a_line_cannot_tell() -> None:
    frame = customers(800, seed=3).select("customer_id", "age", "orders_total", "lifetime_spend")
    middle = held(frame, pl.col("age").is_between(42, 52))
    seeds = middle & (np.random.default_rng(2).random(800) < 0.5)
    like = found(frame, seeds)
    assert like.likeness.trees is not None
    assert like.curve.low[4] > 2
    again = Likeness.from_json(json.loads(json.dumps(like.likeness.as_json())))
    assert again.similarity(frame).tolist() == like.similarity.tolist()


@pytest.mark.parametrize("draws", [1, pytest.param(40, marks=pytest.mark.slow)])
def test_seeds_drawn_by_lot_are_not_praised(draws: int) -> None:
    frame = customers(600, seed=3)
    praised, lifts = 0, []
    for draw in range(draws):
        seeds = np.zeros(600, dtype=bool)
        seeds[np.random.default_rng(draw).permutation(600)[:29]] = True
        like = found(frame, seeds, seed=draw)
        praised += like.curve.low[4] > 1
        lifts.append(like.curve.lift[4])
        assert any("29 seeds" in words for words in like.warnings)
        assert any("no better than a random one" in words for words in like.warnings) == (
            like.curve.low[4] <= 1
        )
    assert praised <= 0.05 * draws
    assert np.mean(lifts) < 1.3


def test_a_list_of_good_customers_is_called_one() -> None:
    frame = customers(1_000, seed=3)
    random = np.random.default_rng(1)
    seeds = random.random(1_000) < 0.2 * frame["orders_total"].rank().to_numpy() ** 2 / 1_000**2
    like = found(frame.select("customer_id", "orders_total", "age", "lifetime_spend"), seeds)
    assert like.curve.low[4] > 1
    assert any("equally active" in words for words in like.warnings)


@pytest.mark.parametrize(
    ("many", "draws", "least"),
    [
        (20, 2, 1.5),
        pytest.param(10, 10, 1.4, marks=pytest.mark.slow),
        pytest.param(30, 5, 1.6, marks=pytest.mark.slow),
        pytest.param(100, 4, 1.9, marks=pytest.mark.slow),
        pytest.param(300, 3, 2.0, marks=pytest.mark.slow),
        pytest.param(1_000, 2, 2.0, marks=pytest.mark.slow),
    ],
)
def test_few_seeds_and_many_stay_above_chance(many: int, draws: int, least: float) -> None:
    frame = customers({20: 1_000, 1_000: 20_000}.get(many, 6_000), seed=6)
    kind = taste(frame, 7)
    assert kind.sum() > 1.2 * many
    lifts = []
    for draw in range(draws):
        seeds = np.zeros(frame.height, dtype=bool)
        seeds[np.random.default_rng(draw).permutation(np.flatnonzero(kind))[:many]] = True
        lifts.append(lift_of(found(frame, seeds), kind))
    assert min(lifts) > 0.8
    assert np.mean(lifts) > least


def test_the_penalty_leads_to_the_difference_of_means() -> None:
    frame = customers(1_000, seed=3).drop("customer_id")
    points = learned(frame).points(frame, {})
    seeds = taste(frame, 1)
    weights, centre = linear(points, seeds, 1e4)
    apart = points[seeds].mean(axis=0) - points[~seeds].mean(axis=0)
    cosine = weights @ apart / np.linalg.norm(weights) / np.linalg.norm(apart)
    assert cosine > 0.999
    others = points[~seeds] @ weights - centre
    assert abs(others.mean()) < 1e-3
    assert abs(others.std() - 1) < 1e-3


def test_what_cannot_be_judged_is_refused() -> None:
    frame = customers(200, seed=3)
    seeds = np.arange(200) < 9
    with pytest.raises(TooFewCustomers, match="at least 10"):
        found(frame, seeds)
    with pytest.raises(TooFewCustomers, match="99 candidates"):
        found(frame, np.arange(200) < 101)
    with pytest.raises(TooFewCustomers, match="differ in no field"):
        lookalike(
            pl.DataFrame({"customer_id": range(200)}),
            np.arange(200) < 20,
            spend=np.zeros(200),
            activity=np.zeros(200),
        )


def test_a_segment_of_the_workspace(restaurant: Workspace) -> None:
    frame = restaurant.features()
    members = restaurant.members("lunch-crowd")["customer_id"]
    seeds = frame["customer_id"].is_in(members.implode()).to_numpy()
    like = found(frame, seeds)
    assert len(like.similarity) == frame.height
    assert like.seeds == len(members)
    assert "lunch_share" in [difference.field for difference in like.differences]


# Public data: seeds are half of those who responded, the others are to be found


def responders(folder: Path) -> tuple[pl.DataFrame, dict[str, Counts], dict[str, Mask]]:
    table = pl.read_csv(
        folder / "ifood_customers_without_cmp5_response.csv.gz", infer_schema_length=5_000
    )
    campaigns = [name for name in table.columns if name.startswith("Accepted")]
    frame = table.drop(*campaigns, "ID", "Z_CostContact", "Z_Revenue")
    frame = frame.with_columns(pl.col("Dt_Customer").str.to_date())
    counts = {}
    for name, start in {"products": "Mnt", "channels": "Num"}.items():
        columns = [column for column in frame.columns if column.startswith(start)]
        counts[name] = Counts(tuple(columns), csr_array(frame[columns].to_numpy().astype(float)))
    return frame, counts, {name[-4:]: table[name].to_numpy() == 1 for name in campaigns}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("campaign", "share", "least"),
    [
        ("Cmp1", 0.5, 8.4),
        ("Cmp3", 0.5, 6.0),
        ("Cmp4", 0.5, 8.1),
        ("Cmp1", 0.8, 9.0),
        ("Cmp3", 0.8, 6.4),
        ("Cmp4", 0.8, 7.2),
    ],
)
def test_responders_to_campaigns(
    shared_data: Path, campaign: str, share: float, least: float
) -> None:
    frame, counts, kinds = responders(shared_data)
    kind = kinds[campaign]
    spend = counts["products"].rows.sum(axis=1)
    lifts, said = [], []
    for draw in range(10):
        random = np.random.default_rng(draw)
        own = random.permutation(np.flatnonzero(kind))
        seeds = np.zeros(len(kind), dtype=bool)
        seeds[own[: int(share * len(own))]] = True
        activity = counts["channels"].rows.sum(axis=1)
        like = lookalike(frame, seeds, spend=spend, activity=activity, counts=counts, seed=draw)
        lifts.append(lift_of(like, kind))
        said.append(like.curve.at(0.05))
    assert np.mean(lifts) >= least
    # Learned from four fifths of the seeds, what is said is a little less than what is found.
    assert 0.8 <= np.mean(said) / np.mean(lifts) <= 1.1


@pytest.mark.slow
def test_top_spenders_from_hours_and_days(shared_data: Path) -> None:
    table = pl.read_parquet(shared_data / "abcdeats_dev_half.parquet")
    frame = table.select(pl.selectors.starts_with("HR_", "DOW_"), "customer_age")
    spend = table.select(pl.sum_horizontal(pl.selectors.starts_with("CUI_"))).to_series()
    orders = table.select(pl.sum_horizontal(pl.selectors.starts_with("DOW_"))).to_series()
    kind = (spend >= spend.quantile(0.95)).to_numpy()
    seeds = np.zeros(len(kind), dtype=bool)
    seeds[np.random.default_rng(1).permutation(np.flatnonzero(kind))[: kind.sum() // 2]] = True
    like = lookalike(frame, seeds, spend=orders.to_numpy(), activity=orders.to_numpy())
    assert lift_of(like, kind) >= 8.8
