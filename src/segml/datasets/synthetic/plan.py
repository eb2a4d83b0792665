"""A restaurant plan is everything that decides what a synthetic restaurant will look like."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final

import numpy as np

from segml.core.errors import SegmlError

BLOCK: Final = 2_500  # customers that share their random streams; changing it changes every guest
BLOCKS_PER_CHUNK: Final = 20  # blocks that make one row group of each file
PERIOD_DAYS: Final = 14  # a guest's pace is constant over so many days
SERVICE_DAY_HOUR: Final = 4  # an order at 00:30 belongs to the evening before
SHORTEST_DAYS: Final = 56


class Stream(IntEnum):
    """What a random stream is for; each part draws from its own, so that parts do not shift."""

    GUESTS = 0
    MESSAGES = 1
    VISITS = 2
    BASKETS = 3
    AFTERWARDS = 4
    HOMES = 5
    PROFILES = 6
    EVENTS = 7
    REVIEWS = 8
    REFERRALS = 9
    LOYALTY = 10
    VIPS = 11
    PEOPLE = 12


@dataclass(frozen=True, slots=True)
class RestaurantPlan:
    """The size, the period and the parameters of the process.

    Rates are per operational day: a day of average business on the guest's own clock
    (`calendar.Calendar`). A spread is the standard deviation of the logarithm.

    Attributes
    ----------
    customers
        Number of customers, 1 or more.
    seed
        Not negative; another seed is another town.
    first_day, last_day
        First and last day of the record, both included, at least 56 days apart.
    visit_rate, visit_rate_spread
        Median visits per operational day of a guest who stays, and its spread.
    dropout_rate, dropout_rate_spread
        Median rate of leaving for good per day of the drop-out clock, and its spread.
    regularity, regularity_spread
        Median shape k of the gamma gaps (1 is pure chance, 3 is habit), and its spread.
    return_probability
        Probability that a guest of median visit rate comes back at all after the first visit.
    growth_per_year
        Growth of the number of new guests per year; 0.4 is 40 % more each year.
    persuadable_pace, sleeping_dog_pace
        Factor on the visit rate in the 14 days after a message, for these two response types; it
        is 1 for the other two.
    goal_pace, goal_reach
        Factor on the visit rate in a period that a loyalty member enters with trailing spend
        within `goal_reach` (a share of the threshold) below the next tier.
    tier_cuts
        Spend of the trailing 365 days, in whole money, at which silver, gold and platinum begin.
    restaurants
        Number of restaurants, 1 to 8.

    Raises
    ------
    SegmlError
        When a value cannot be; the message names every such value and what would be right.
    """

    customers: int = 10_000
    seed: int = 0
    first_day: date = date(2024, 1, 1)
    last_day: date = date(2026, 6, 30)
    visit_rate: float = 0.045
    visit_rate_spread: float = 1.15
    dropout_rate: float = 0.0011
    dropout_rate_spread: float = 0.9
    regularity: float = 3.0
    regularity_spread: float = 0.7
    return_probability: float = 0.57
    growth_per_year: float = 0.25
    persuadable_pace: float = 2.0
    sleeping_dog_pace: float = 0.55
    goal_pace: float = 1.3
    goal_reach: float = 0.2
    tier_cuts: tuple[int, int, int] = (500, 1_500, 4_000)
    restaurants: int = 6

    def __post_init__(self) -> None:
        positive: tuple[str, ...] = ("visit_rate", "dropout_rate", "regularity", "persuadable_pace")
        positive += ("sleeping_dog_pace", "goal_pace")
        spreads = ("visit_rate_spread", "dropout_rate_spread", "regularity_spread")
        checks = {
            "customers must be 1 or more": self.customers >= 1,
            "seed must not be negative": self.seed >= 0,
            f"last_day must lie {SHORTEST_DAYS} days or more after first_day": (
                (self.last_day - self.first_day).days >= SHORTEST_DAYS
            ),
            "restaurants must be 1 to 8": 1 <= self.restaurants <= 8,
            "return_probability must lie between 0 and 1": 0 < self.return_probability < 1,
            "goal_reach must lie between 0 and 1": 0 <= self.goal_reach <= 1,
            "tier_cuts must rise from above 0": (
                0 < self.tier_cuts[0] < self.tier_cuts[1] < self.tier_cuts[2]
            ),
            "growth_per_year must be above -1": self.growth_per_year > -1,
        }
        checks |= {f"{name} must be above 0": getattr(self, name) > 0 for name in positive}
        checks |= {f"{name} must not be negative": getattr(self, name) >= 0 for name in spreads}
        wrong = [sentence for sentence, holds in checks.items() if not holds]
        if wrong:
            raise SegmlError(f"This restaurant cannot be: {'; '.join(wrong)}.")

    @property
    def days(self) -> int:
        """Return the number of days of the record."""
        return (self.last_day - self.first_day).days + 1

    @property
    def blocks(self) -> int:
        """Return the number of blocks of guests, the last one perhaps used in part."""
        return -(-self.customers // BLOCK)


def town_stream(plan: RestaurantPlan, part: int) -> np.random.Generator:
    """Return a stream of what all guests share: 0 for the calendar, 1 for the campaigns."""
    return _generator(plan, (0, part))


def block_stream(plan: RestaurantPlan, block: int, stream: Stream) -> np.random.Generator:
    """Return the stream of one part of one block; it knows nothing of the restaurant's size."""
    return _generator(plan, (1, block, int(stream)))


def _generator(plan: RestaurantPlan, key: tuple[int, ...]) -> np.random.Generator:
    return np.random.Generator(
        np.random.PCG64DXSM(np.random.SeedSequence(plan.seed, spawn_key=key))
    )
