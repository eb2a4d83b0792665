"""Why a score is what it is, in a marketer's words: a few phrases, no numbers of the model.

What the learners add for each input (LightGBM's exact SHAP values, S. Lundberg et al. 2020; the
terms of the logistic regression against their means) is summed into a handful of groups before
anything is ranked, since ten inputs about silence are one reason. Costs a millisecond a customer,
so it is for those who are looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.scoring.basis import names, numbers, pairs, products
from segml.scoring.design import SILENCE
from segml.scoring.ladder import OwnRhythm
from segml.scoring.learners import Foretold, Logistic, Trees
from segml.scoring.log_odds import Floats
from segml.scoring.model import Model
from segml.scoring.silence import BUYING, Buying

MOST: Final = 3
_LEAST: Final = 0.05  # log-odds; less is no reason
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of one customer.

    Attributes
    ----------
    words
        What is so.
    raises
        Whether it raises the score.
    """

    words: str
    raises: bool

    def __str__(self) -> str:
        return f"{'+' if self.raises else '-'} {self.words}"


def reasons(model: Model, frame: pl.DataFrame) -> list[tuple[Reason, ...]]:
    """Return the strongest reasons of every row, the strongest first.

    Parameters
    ----------
    model
        Whose scores.
    frame
        Rows with the model's inputs.
    """
    if frame.is_empty():  # LightGBM foretells nothing of nobody
        return []
    groups = list(_GROUPS)
    total = np.zeros((frame.height, len(groups)))
    for name, learned in model.learned.items():
        for columns, added in _added(learned, frame):
            for column, values in zip(columns, added.T, strict=True):
                total[:, groups.index(_GROUP[column])] += model.weights[name] * values
    return [
        _strongest(row, {group: total[i, j] for j, group in enumerate(groups)})
        for i, row in enumerate(frame.iter_rows(named=True))
    ]


def _strongest(row: Row, added: Mapping[str, float]) -> tuple[Reason, ...]:
    told = []
    for group in sorted(added, key=lambda one: -abs(added[one])):
        words = _GROUPS[group][1](row)
        if words and abs(added[group]) >= _LEAST:
            told.append(Reason(words, raises=added[group] > 0))
    return tuple(told[:MOST])


def _added(learned: Any, frame: pl.DataFrame) -> list[tuple[tuple[str, ...], Floats]]:
    """Return what a learner adds to the log-odds by column, one row each."""
    match learned:
        case Trees(design, _, anchor):
            rows = design.matrix(frame)
            found = learned.booster.predict(rows, pred_contrib=True, num_threads=1)[:, :-1]
            own = [(design.names, found)]
            return own if anchor is None else [*own, *_added(anchor, frame)]
        case Logistic(basis, design):
            return [(names(basis, design), _terms(learned, frame))]
        case Foretold(design) if design.buying is not None:
            return _paced(design.buying, frame)
        case Buying() | OwnRhythm():
            return _paced(learned, frame)
        case _:
            return []


def _paced(
    learned: Buying | OwnRhythm, frame: pl.DataFrame
) -> list[tuple[tuple[str, ...], Floats]]:
    """Return what a customer's pace adds, and what it adds that they are late by it, or early.

    Whoever came once has no pace, so all of it is the silence.
    """
    days, first, last = (pl.col(name).cast(pl.Float64) for name in BUYING)
    gap = (first - last) / (days - 1)
    on_time = frame.with_columns(
        pl.when(days > 1).then(gap).otherwise(last).alias("days_since_last_order"),
        pl.when(days > 1).then(first - last + gap).otherwise(first).alias("days_since_first_order"),
    )
    once = (frame["order_days_total"] == 1).to_numpy()
    pace = np.where(once, 0.0, learned.logits(on_time))
    late = learned.logits(frame) - pace
    return [(("order_days_total",), pace[:, None]), (("days_since_last_order",), late[:, None])]


def _terms(learned: Logistic, frame: pl.DataFrame) -> Floats:
    """Return what each basic number adds; a product counts half for either of its factors."""
    columns = numbers(learned.basis, frame, learned.design)
    terms = (products(columns) - np.array(learned.mean)) / np.array(learned.scale)
    added = terms * np.array(learned.weights)
    wide = columns.shape[1]
    found: NDArray[np.float64] = added[:, :wide].copy()
    for place, (i, j) in enumerate(pairs(wide), start=wide):
        found[:, i] += added[:, place] / 2
        found[:, j] += added[:, place] / 2
    return found


def _rhythm(row: Row) -> str:
    silence = _whole(row.get("days_since_last_order"))
    gap, days = row.get("usual_gap_days"), row.get("order_days_total") or 1
    if gap is None and days > 1:
        gap = (row["days_since_first_order"] - row["days_since_last_order"]) / (days - 1)
    if silence is None:
        return ""
    if gap is None:
        return f"last ordered {_days(silence)} ago, and on one day only"
    return f"usually every {_days(round(gap))}, now {silence}"


def _frequency(row: Row) -> str:
    total, recent = row.get("orders_total") or row.get("order_days_total"), row.get("orders_90d")
    words = f"{total} order{'' if total == 1 else 's'} so far"
    return words if recent is None else f"{words}, {recent} in the last 90 days"


def _trend(row: Row) -> str:
    month, quarter = row.get("orders_30d"), row.get("orders_90d")
    if month is None or not quarter:
        return ""
    return f"{month} of the last 90 days' {quarter} orders came in the last 30"


def _spend(row: Row) -> str:
    mean, recent = row.get("average_order_value"), row.get("spend_90d")
    if mean is None:
        return ""
    words = f"spends {mean:,.2f} an order"
    return words if recent is None else f"{words}, {recent:,.2f} in the last 90 days"


def _tenure(row: Row) -> str:
    return f"first ordered {_days(row['days_since_first_order'])} ago"


def _habits(row: Row) -> str:
    shares = {
        "at lunch": row.get("lunch_share"),
        "at dinner": row.get("dinner_share"),
        "at the weekend": row.get("weekend_share"),
        "with a coupon": row.get("coupon_share"),
    }
    known = {words: share for words, share in shares.items() if share is not None}
    if not known:
        return ""
    words = max(known, key=lambda one: known[one])
    return f"{known[words]:.0%} of the orders {words}" if known[words] else ""


def _messages(row: Row) -> str:
    sent, opened = row.get("emails_sent_90d"), row.get("emails_opened_90d")
    if not sent:
        return "was sent no e-mail in the last 90 days"
    return f"opened {opened or 0} of {sent} e-mails in the last 90 days"


def _loyalty(row: Row) -> str:
    tier, days = row.get("loyalty_tier"), row.get("days_in_tier")
    if tier is None:
        return "has no loyalty card"
    return f"{tier} tier" if days is None else f"{tier} tier for {_days(days)}"


def _next_tier(row: Row) -> str:
    spent = row.get("spend_365d")
    return "" if spent is None else f"spent {spent:,.2f} in a year, which decides the tier"


def _voice(row: Row) -> str:
    rating, reviews = row.get("average_rating"), row.get("reviews_total")
    if rating is not None:
        return f"rates {rating:.1f} stars on average"
    return "never wrote a review" if reviews == 0 else ""


# By group: the columns it sums, and what is said of a row.
_GROUPS: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Row], str]]]] = {
    "rhythm": (
        (
            "days_since_last_order",
            "usual_gap_days",
            "overdue_ratio",
            "gap_spread_days",
            "gap_variation",
            "lateness",
            "mean_gap_days",
            "silence_in_gaps",
            SILENCE,
        ),
        _rhythm,
    ),
    "frequency": (
        (
            "came_back",
            "order_days_total",
            "orders_total",
            "orders_90d",
            "orders_365d",
            "visits_per_month",
            "order_day_rate",
        ),
        _frequency,
    ),
    "trend": (("orders_30d", "trend_30_of_90d", "trend_90_of_365d"), _trend),
    "spend": (
        (
            "lifetime_spend",
            "spend_30d",
            "spend_90d",
            "average_order_value",
            "largest_order_value",
            "first_order_value",
            "last_order_value",
            "last_value_ratio",
        ),
        _spend,
    ),
    "next tier": (("spend_365d", "spend_to_next_tier"), _next_tier),
    "tenure": (("days_since_first_order",), _tenure),
    "habits": (
        (
            "lunch_share",
            "dinner_share",
            "weekend_share",
            "healthy_share",
            "coupon_share",
            "restaurants_visited",
        ),
        _habits,
    ),
    "messages": (
        (
            "emails_sent_90d",
            "emails_opened_90d",
            "email_open_rate_90d",
            "email_click_rate_90d",
            "days_since_last_email",
        ),
        _messages,
    ),
    "loyalty": (("loyalty_tier", "days_in_tier"), _loyalty),
    "voice": (
        ("reviews_total", "average_rating", "days_since_last_review", "referrals_total"),
        _voice,
    ),
    # What a declaration of one's own adds.
    "other": ((), lambda _: "something else that the model looks at"),
}


class _Belongs(dict[str, str]):
    def __missing__(self, column: str) -> str:
        return "other"


_GROUP: Final = _Belongs(
    {column: group for group, (columns, _) in _GROUPS.items() for column in columns}
)


def _whole(value: Any) -> int | None:
    return None if value is None else round(value)


def _days(many: int) -> str:
    return f"{many} day{'' if many == 1 else 's'}"
