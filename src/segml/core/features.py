"""A feature is a function from a history to one value per customer.

This file holds the closed set of *forms* that such a function may have; `library.features` writes
each feature as one entry in them, and every engine gives each form its meaning. Law kept: a form
sees only the rows that a history shows, so no feature can see the future.

Forms name rows by `Rows`: a set of facts of one table. The tables are those of `core.tables`, as
a history shows them, with two readings of ``orders``:

* ``orders`` holds visits; rows marked as refunds are not among them;
* ``payments`` holds the same rows and the refunds, for money.

``order_items`` rows carry the columns of their order (customer_id, ordered_at, day, hour, weekday,
channel, restaurant_id, coupon); items of refunds are not among them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from segml.core.predicates import EVERYONE, Predicate
from segml.core.tables import Kind


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of `table` that satisfy `where`, on the last `within` service days (0: ever)."""

    table: str
    where: Predicate = EVERYONE
    within: int = 0


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column of the customer's profile, as last known."""

    column: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows; 0 without any."""

    rows: Rows


@dataclass(frozen=True, slots=True)
class Sum:
    """The exact sum of an integer column; 0 without rows."""

    rows: Rows
    column: str


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest value of a column; missing without rows."""

    rows: Rows
    column: str


@dataclass(frozen=True, slots=True)
class First:
    """The column of the earliest row, by time, then by the table's key (or the column itself)."""

    rows: Rows
    column: str


@dataclass(frozen=True, slots=True)
class Last:
    """The column of the latest row, by time, then by the table's key (or the column itself)."""

    rows: Rows
    column: str


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different known values of a column; 0 without any."""

    rows: Rows
    column: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The different known texts of a column, sorted; missing without any."""

    rows: Rows
    column: str


@dataclass(frozen=True, slots=True)
class Favourite:
    """The value that is in the most orders, each order counting once for a value.

    Ties: the value ordered most recently, then the alphabetically first. Missing without any.
    """

    rows: Rows
    column: str


@dataclass(frozen=True, slots=True)
class UsualGap:
    """The median number of days between consecutive distinct days with rows; two days at least."""

    rows: Rows


@dataclass(frozen=True, slots=True)
class GapSpread:
    """The standard deviation of those gaps, in days; three distinct days at least.

    Of n gaps g it is √(n Σg² - (Σg)²) / n: whole numbers under the root and one division, so that
    no two engines differ in a last bit.
    """

    rows: Rows


@dataclass(frozen=True, slots=True)
class Trailing:
    """How many rows lie on the `days` service days that end with the last row's day; 0 without."""

    rows: Rows
    days: int


@dataclass(frozen=True, slots=True)
class Followed:
    """Of the different `by` values of `first`, the share that also occurs in `then`."""

    first: Rows
    then: Rows
    by: str


EARTH_RADIUS_KM: Final = 6371.0088  # the mean radius


@dataclass(frozen=True, slots=True)
class Nearest:
    """Kilometres from the customer's coordinates to the nearest restaurant, to the metre.

    Great circle by the haversine formula (R. W. Sinnott, Sky and Telescope 68, 1984) with the
    mean radius of the Earth. Rounded so that no two engines differ in a last bit.
    """


@dataclass(frozen=True, slots=True)
class CompletedYears:
    """Completed years from a date to `as_of`."""

    since: "Form"


@dataclass(frozen=True, slots=True)
class DaysSince:
    """Days from a service day to `as_of`: yesterday is 1."""

    day: "Form"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A quotient as float64; missing where a part is missing or the divisor is 0.

    `minor` is how many stored units of the dividend make a whole one (100 for money). It is part
    of the one division, so the value is the float nearest to the true quotient in whole units.
    """

    dividend: "Form"
    divisor: "Form | int"
    minor: int = 1


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a number from 1 on."""

    number: "Form"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Differs:
    """True where the value is known and is not `value`; false elsewhere."""

    of: "Form"
    value: str


@dataclass(frozen=True, slots=True)
class Score:
    """The latest score of a model."""

    model: str


Aggregated = (
    Count
    | Sum
    | Largest
    | First
    | Last
    | Distinct
    | Listed
    | Favourite
    | UsualGap
    | GapSpread
    | Trailing
    | Followed
)
Form = (
    Aggregated | Attribute | Nearest | CompletedYears | DaysSince | Ratio | Named | Differs | Score
)


class Unit(StrEnum):
    """What a number counts or measures."""

    NONE = ""
    MONEY = "money"
    ORDERS = "orders"
    DAYS = "days"
    YEARS = "years"
    SHARE = "share"
    KILOMETRES = "km"
    STARS = "stars"
    TIMES = "times"
    PER_MONTH = "per month"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Feature:
    """One field a rule or a model can ask for.

    Attributes
    ----------
    name
        Public name; units and windows live in it.
    kind
        Decides the operators.
    form
        How it is computed.
    group
        "Behavioural", "Demographic", "Engagement", "Custom" or "Predictive".
    label
        Plain words that read well inside a sentence: "days since the last order".
    description
        One sentence for somebody who has to choose it.
    unit
        What a number counts.
    scale
        Decimal digits by which the stored number is scaled (2 for money: minor units).
    choices
        The texts it can be, where they are few and known.
    """

    name: str
    kind: Kind
    form: Form
    group: str
    label: str
    description: str
    unit: Unit = Unit.NONE
    scale: int = 0
    choices: tuple[str, ...] = ()


def parts(form: Form) -> tuple[Form, ...]:
    """Return the forms that `form` is made of, one level down."""
    match form:
        case CompletedYears(inner) | DaysSince(inner) | Named(inner, _) | Differs(inner, _):
            return (inner,)
        case Ratio(dividend, divisor, _):
            return (dividend,) if isinstance(divisor, int) else (dividend, divisor)
        case _:
            return ()


def digest(features: Mapping[str, Feature]) -> str:
    """Return 16 hexadecimal digits that change when the meaning of any of the features does."""
    forms = repr(sorted((name, repr(feature.form)) for name, feature in features.items()))
    return hashlib.sha256(forms.encode()).hexdigest()[:16]


def basics(form: Form) -> tuple[Form, ...]:
    """Return the forms at the bottom of `form`: those that read rows or the profile."""
    inner = parts(form)
    return tuple(b for part in inner for b in basics(part)) if inner else (form,)
