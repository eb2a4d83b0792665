"""The menu is about sixty items in ten categories, and a basket is what a guest orders from it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from segml.datasets.synthetic.calendar import Bools, Calendar, Floats, Ints
from segml.datasets.synthetic.guests import Guests

# Item, price in cents in the first year, healthy.
_MENU: Final[dict[str, tuple[tuple[str, int, bool], ...]]] = {
    "starter": (
        ("bruschetta", 690, False),
        ("tomato soup", 620, True),
        ("garlic prawns", 1190, False),
        ("burrata", 1150, False),
        ("hummus and crudites", 780, True),
        ("calamari", 1090, False),
    ),
    "salad": (
        ("caesar salad", 1190, True),
        ("greek salad", 1050, True),
        ("green salad", 690, True),
        ("tuna nicoise", 1390, True),
        ("goat cheese salad", 1290, True),
        ("quinoa bowl", 1250, True),
    ),
    "pasta": (
        ("spaghetti bolognese", 1290, False),
        ("penne arrabbiata", 1090, False),
        ("carbonara", 1350, False),
        ("lasagne", 1390, False),
        ("truffle tagliatelle", 1890, False),
        ("linguine vongole", 1790, False),
    ),
    "pizza": (
        ("margherita", 990, False),
        ("salami pizza", 1190, False),
        ("four cheeses", 1290, False),
        ("prosciutto and rocket", 1450, False),
        ("pizza vegetable garden", 1250, True),
        ("diavola", 1320, False),
    ),
    "grill": (
        ("burger", 1490, False),
        ("rump steak", 2690, False),
        ("grilled salmon", 2390, True),
        ("chicken skewers", 1690, True),
        ("lamb chops", 2890, False),
        ("spare ribs", 1990, False),
    ),
    "vegan": (
        ("vegan curry", 1290, True),
        ("falafel plate", 1150, True),
        ("vegan burger", 1390, False),
        ("buddha bowl", 1350, True),
        ("stuffed peppers", 1250, True),
        ("mushroom stew", 1320, True),
    ),
    "dessert": (
        ("tiramisu", 690, False),
        ("panna cotta", 620, False),
        ("fruit salad", 590, True),
        ("chocolate cake", 680, False),
        ("ice cream", 480, False),
        ("cheese plate", 990, False),
    ),
    "coffee": (
        ("espresso", 260, False),
        ("cappuccino", 360, False),
        ("filter coffee", 290, False),
        ("latte macchiato", 390, False),
        ("flat white", 380, False),
        ("green tea", 320, True),
    ),
    "beer": (
        ("pilsner", 420, False),
        ("wheat beer", 490, False),
        ("pale ale", 560, False),
        ("dark lager", 470, False),
        ("alcohol-free beer", 420, False),
        ("shandy", 430, False),
    ),
    "wine": (
        ("house red", 590, False),
        ("house white", 570, False),
        ("riesling", 720, False),
        ("barolo", 1390, False),
        ("prosecco", 690, False),
        ("bottle of chianti", 2990, False),
    ),
}
CATEGORIES: Final = tuple(_MENU)
ITEMS: Final = tuple(item for items in _MENU.values() for item, _, _ in items)
HEALTHY: Final = np.array([healthy for items in _MENU.values() for _, _, healthy in items])
PER_CATEGORY: Final = 6
_POPULARITY: Final = np.cumsum([0.30, 0.23, 0.17, 0.13, 0.10, 0.07])
_FAVOURITE_SHARE: Final = 0.45  # of the lines in a category are the guest's own favourite there
_PRICE_RISE_PER_YEAR: Final = 0.04


@dataclass(frozen=True, slots=True)
class Kitchen:
    """What all baskets of a block are made from.

    Attributes
    ----------
    days
        Number of days of the record.
    prices
        Day by item: cents; the day after the record has the prices of the last.
    tastes
        Category but the last, by person early and then person late: running sums of the shares.
    """

    days: int
    prices: Ints
    tastes: Floats


def kitchen(calendar: Calendar, guests: Guests) -> Kitchen:
    """Return what the baskets of these guests are made from."""
    year = day_years(calendar, np.arange(calendar.days + 1))
    tastes = np.concatenate([guests.taste_cdf, guests.taste_late_cdf])[:, :-1]
    return Kitchen(calendar.days, price_list(calendar)[year], np.ascontiguousarray(tastes.T))


def price_list(calendar: Calendar) -> Ints:
    """Return year by item: prices in cents, a new list every New Year, in steps of ten cents."""
    last = int(day_years(calendar, np.array([calendar.days]))[0])
    base = np.array([cents for items in _MENU.values() for _, cents, _ in items])
    rise = 1 + _PRICE_RISE_PER_YEAR * np.arange(last + 1)
    tens = np.round(base * rise[:, None] / 10).astype(np.int64)
    return np.asarray(tens * 10)


def day_years(calendar: Calendar, day: Ints) -> Ints:
    """Return the number of New Years between the start of the record and each day."""
    start = np.datetime64(calendar.first_day, "D")
    years = (start + day).astype("datetime64[Y]") - start.astype("datetime64[Y]")
    return np.asarray(years.astype(np.int64))


@dataclass(frozen=True, slots=True)
class Baskets:
    """The lines of some orders.

    Attributes
    ----------
    lines
        Per order, the number of its lines; the arrays below hold the lines order after order.
    item
        Index into `ITEMS`.
    quantity
        How many.
    price
        The line's total in cents.
    """

    lines: Ints
    item: Ints
    quantity: Ints
    price: Ints

    def gross(self) -> Ints:
        """Return, per order, the sum of its lines in cents."""
        starts = np.cumsum(self.lines) - self.lines
        return np.add.reduceat(self.price, starts) if len(starts) else np.zeros(0, dtype=np.int64)


def baskets(
    rng: np.random.Generator,
    guests: Guests,
    kitchen: Kitchen,
    *,
    who: Ints,
    day: Ints,
) -> Baskets:
    """Return what the guests order on the days given, one basket per entry of `who`."""
    lines = 1 + rng.poisson(guests.appetite[who] - 1)
    eater, when = np.repeat(who, lines), np.repeat(day, lines)
    category = _category(rng, kitchen, eater, when / kitchen.days)
    draw = rng.random((2, len(eater)))
    common = (draw[0] >= _POPULARITY[:-1, None]).sum(axis=0)
    own = draw[1] < _FAVOURITE_SHARE
    choice = np.where(own, guests.favourite[eater, category], common)
    item = category * PER_CATEGORY + choice
    quantity = 1 + rng.poisson(guests.party[eater] - 1)
    price = kitchen.prices[when, item] * quantity
    return Baskets(lines=lines, item=item, quantity=quantity, price=price)


def _category(rng: np.random.Generator, kitchen: Kitchen, eater: Ints, gone: Floats) -> Ints:
    """Return a category per line: the taste drifts from the early to the late one."""
    draw = rng.random((2, len(eater)))
    late: Bools = draw[0] < gone
    persons = kitchen.tastes.shape[1] // 2
    running = kitchen.tastes[:, eater + persons * late]
    return np.asarray((draw[1] >= running).sum(axis=0))
