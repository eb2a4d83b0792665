"""The oracle knows what no restaurant does: how well anybody could have foretold its guests.

`knowing` is the chance of staying away by somebody who knows every guest's rhythm; `ceiling` by
somebody who knows how guests are made but only sees what the restaurant sees; `stayed_away` is what
happened. Where a model stands between recency and the ceiling says how good it is, which its AUC by
itself does not. `trait` is what a guest is really like, so no ranking of lookalikes can do better.

The folder is one that `write_restaurant` filled, or one of such folders, as a demo's ``data``. The
first three answer for the customers with an order in the books before `as_of`, in the order of
their ids; ``[as_of, as_of + horizon)`` are service days, which begin at 04:00. Files are read a
block of 2,500 customers at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from segml.core.errors import SegmlError, UnknownName
from segml.datasets.synthetic.calendar import CLOCKS, Floats
from segml.datasets.synthetic.evidence import evidence
from segml.datasets.synthetic.guests import SHARED_CARDS, arrivals
from segml.datasets.synthetic.histories import History, history, places
from segml.datasets.synthetic.menu import CATEGORIES
from segml.datasets.synthetic.messages import paces
from segml.datasets.synthetic.plan import BLOCK
from segml.datasets.synthetic.posterior import stays_away
from segml.datasets.synthetic.published import Restaurant, Window, restaurants, window
from segml.datasets.synthetic.silence import Rhythms, Waits, own_time, silences

__all__ = ["TRAITS", "ceiling", "knowing", "stayed_away", "trait"]

TRAITS: Final = (
    "visit_rate",
    "dropout_rate",
    "regularity",
    "return_probability",
    "lunch_share",
    "appetite",
    "party",
    "satisfaction",
    "clock",
    "response",
    *CATEGORIES,
)
"""What `trait` can tell of a customer."""

_STEPS: Final = 24  # more of them move no chance by 0.0005, and the mean one by 0.000002


def knowing(folder: Path, as_of: date, horizon: int) -> pl.DataFrame:
    """Return the chance that each customer stays away, by somebody who knows the guests.

    Known are every person's rhythm, clock, pace and response type, all visits before `as_of`
    (whenever they got into the books, and whose they were on a shared card), the days to come with
    their closures and drift, and the chances of the messages to come. Not known are the guest's
    leaving, the coins not tossed yet, and when the second person of a shared card will first come.

    Parameters
    ----------
    folder
        Of the restaurant.
    as_of
        First service day of the window.
    horizon
        Its days, 1 or more.

    Returns
    -------
    DataFrame
        ``customer_id`` and ``stays_away``, P(no order in the window), one row per customer.

    Raises
    ------
    SegmlError
        When the folder has no synthetic restaurant, its record does not hold the window, or nobody
        had come before.
    """
    return pl.concat(_known(block) for block in _blocks(folder, as_of, horizon))


def ceiling(
    folder: Path, as_of: date, horizon: int, draws: int = 128, seed: int = 0
) -> pl.DataFrame:
    """Return the chance that each customer stays away, by the best use of what can be seen.

    This is the posterior mean of the chance that `knowing` gives, under the distribution that the
    plan's guests are drawn from: no score made of the same facts has a lower expected log loss.

    Seen are the days and hours of the orders in the books by `as_of`, whom messages reached, who
    has taken a loyalty card and when, and the consents given at registration. Known of the process
    are its days, propensities and the pull of the next tier. Rhythm, clock, lunch share and
    response type are not known; they are integrated over, but for the lunch share, which only
    moves visits within a day and is replaced by its mean. Two things are taken as seen though they
    are not: which person of a shared card ordered, and, of the messages to come, whom the consent
    given or withdrawn by then lets them go to. Left out are opened and clicked messages and used
    coupons, which tell of the response type (worth 0.0002 of log loss at the defaults), referrals
    made (the referrer had not left), and that an order may not be in the books yet.

    Parameters
    ----------
    folder, as_of, horizon
        As for `knowing`.
    draws
        Rhythms drawn per person.
    seed
        Of the draws.

    Returns
    -------
    DataFrame
        ``customer_id`` and ``stays_away``, P(no order in the window), one row per customer.

    Raises
    ------
    SegmlError
        As `knowing` does.

    Notes
    -----
    12,000 customers take about 6 s of one processor, and memory does not grow with their number.
    Eight times as many draws lower the log loss by 0.0002 on all customers, 0.0003 on active ones.
    """
    return pl.concat(_likely(block, draws, seed) for block in _blocks(folder, as_of, horizon))


def stayed_away(folder: Path, as_of: date, horizon: int) -> pl.DataFrame:
    """Return whether each customer stayed away: the outcome that the chances are about.

    It is looked up in the files themselves: no sale in the window, whenever it got into the books;
    a refund is no visit.

    Parameters
    ----------
    folder, as_of, horizon
        As for `knowing`.

    Returns
    -------
    DataFrame
        ``customer_id`` and ``stayed_away``, Boolean, one row per customer.

    Raises
    ------
    SegmlError
        As `knowing` does.
    """
    return pl.concat(
        pl.DataFrame({"customer_id": block.customers}).with_columns(
            stayed_away=~pl.col("customer_id").is_in(
                block.sales.filter(
                    pl.col("seconds") >= block.window.from_second,
                    pl.col("seconds") < block.window.to_second,
                )["customer_id"].implode()
            )
        )
        for block in _blocks(folder, as_of, horizon)
    )


def trait(folder: Path, name: str, as_of: date) -> pl.DataFrame:
    """Return what each customer is really like in one respect.

    Ranked by the trait that defines a segment, customers come in the best order there is, so the
    lift of that order at any size is the most that a lookalike of the segment's members can have.

    Parameters
    ----------
    folder
        Of the restaurant.
    name
        One of `TRAITS`. A category is the share of the guest's lines that it has.
    as_of
        The day; tastes drift, the other traits do not.

    Returns
    -------
    DataFrame
        ``customer_id`` and ``value``, one row per customer, those who never came included; of a
        shared card, the person that it belongs to.

    Raises
    ------
    UnknownName
        When there is no such trait.
    SegmlError
        When the folder has no synthetic restaurant.
    """
    if name not in TRAITS:
        raise UnknownName("trait", name, TRAITS)
    return pl.concat(_trait(town, name, as_of) for town in restaurants(folder))


def _trait(restaurant: Restaurant, name: str, as_of: date) -> pl.DataFrame:
    guests = pl.scan_parquet(restaurant.folder / "truth" / "guests.parquet")
    if name in CATEGORIES:
        gone = (as_of - restaurant.plan.first_day).days / restaurant.calendar.days
        place = CATEGORIES.index(name)
        early, late = pl.col("taste").list.get(place), pl.col("taste_late").list.get(place)
        value = early + gone * (late - early)
    else:
        value = pl.col(name)
    mine = guests.filter(pl.col("person") == 0).sort("customer_id")
    return mine.select("customer_id", value.alias("value")).collect()


@dataclass(frozen=True, slots=True)
class _Block:
    """Some customers of a restaurant, and all sales to those with one in the books before."""

    restaurant: Restaurant
    ids: range
    window: Window
    sales: pl.DataFrame

    @property
    def customers(self) -> pl.Series:
        return self.sales["customer_id"].unique().sort()

    def history(self, clock: str) -> History:
        """Return the history of the sales that are before the window on a clock."""
        before = self.sales.filter(pl.col(clock) < self.window.from_second)
        return history(self.restaurant, self.ids, before, self.window)


def _blocks(folder: Path, as_of: date, horizon: int) -> Iterator[_Block]:
    """Yield the blocks of a folder's restaurants that have customers before a date."""
    nobody = True
    for restaurant in restaurants(folder):
        days = window(restaurant.plan, as_of, horizon)
        for ids in restaurant.blocks():
            sales = restaurant.sales(ids)
            known = sales.filter(pl.col("known") < days.from_second)["customer_id"]
            sales = sales.filter(pl.col("customer_id").is_in(known.unique().implode()))
            if len(sales):
                nobody = False
                yield _Block(restaurant, ids, days, sales)
    if nobody:
        raise SegmlError(f"Nobody had an order in the books before {as_of}; name a later date.")


def _known(block: _Block) -> pl.DataFrame:
    """Return the chances of a block by who knows the guests."""
    plan, calendar = block.restaurant.plan, block.restaurant.calendar
    past = block.history("seconds")
    people, final = past.people, past.first + past.visits - 1
    lunch_share = people["lunch_share"].to_numpy()
    day, fraction = calendar.position(past.seconds[final], lunch_share)
    guests = Rhythms(
        visit_rate=people["visit_rate"].to_numpy(),
        dropout_rate=people["dropout_rate"].to_numpy(),
        regularity=people["regularity"].to_numpy(),
        returns=np.where(past.visits == 1, people["return_probability"].to_numpy(), 1.0),
    )
    waits = Waits(
        time=own_time(calendar, past.clock, past.pace(paces(plan)[past.response])),
        row=np.arange(len(people)),
        clock=past.clock,
        day=day,
        fraction=fraction,
        lunch_share=lunch_share,
    )
    until_now, until_end = silences(calendar, guests, waits, block.window, _STEPS)
    chances = people.select("customer_id", stays_away=pl.Series(until_end / until_now))
    # Who shares a card and has not come yet may come for the first time.
    others = block.restaurant.rows("truth/guests", block.ids).filter(
        pl.col("person") == 1, pl.col("customer_id").is_in(block.customers.implode())
    )
    others = others.join(people, on=["customer_id", "person"], how="anti")
    coming = _arriving(block)[places(others["clock"], CLOCKS)]
    return _products(chances, others.select("customer_id", stays_away=pl.Series(1 - coming)))


def _likely(block: _Block, draws: int, seed: int) -> pl.DataFrame:
    """Return the chances of a block by who sees what the restaurant sees."""
    plan, calendar = block.restaurant.plan, block.restaurant.calendar
    past = block.history("known")
    chance = stays_away(
        plan,
        calendar,
        evidence(plan, calendar, past, block.restaurant.rows("customers", block.ids)),
        block.window,
        draws=draws,
        # A customer's draws do not depend on the size of the restaurant.
        rng=np.random.default_rng((seed, block.ids.start)),
    )
    chances = past.people.select("customer_id", stays_away=pl.Series(chance))
    # A card on which one person has come may be one that somebody else will come to share.
    alone = past.people.select("customer_id").unique(keep="none")
    clock = CLOCKS.index("everyday")
    hidden = SHARED_CARDS / BLOCK * _not_arrived(block)[clock]
    shared = hidden / (1 - SHARED_CARDS / BLOCK + hidden)
    unseen = alone.with_columns(stays_away=pl.lit(1 - shared * _arriving(block)[clock]))
    return _products(chances, unseen)


def _not_arrived(block: _Block) -> Floats:
    """Return, per clock, the chance that a guest has not come before the window."""
    running = arrivals(block.restaurant.plan, block.restaurant.calendar)
    return 1 - running[:, block.window.start] / running[:, -1]


def _arriving(block: _Block) -> Floats:
    """Return, per clock, the chance that one who has not come before the window comes in it."""
    running = arrivals(block.restaurant.plan, block.restaurant.calendar)
    start, end = running[:, block.window.start], running[:, block.window.end]
    return (end - start) / (running[:, -1] - start)


def _products(*chances: pl.DataFrame) -> pl.DataFrame:
    """Return the product of each customer's chances, in the order of ids."""
    by_customer = pl.concat(chances).group_by("customer_id").agg(pl.col("stays_away").product())
    return by_customer.sort("customer_id")
