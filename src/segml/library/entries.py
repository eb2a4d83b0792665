"""Short words for the entries of the library, so that each field reads as one line of a list."""

from segml.core.features import Count, Feature, Form, Ratio, Rows, Unit
from segml.core.predicates import And, Compare, Field, Predicate
from segml.core.tables import MONEY_SCALE, Kind


def hours(start: int, end: int) -> Predicate:
    """Return the condition that a row lies from `start` to before `end` on the clock."""
    return And((Compare(Field("hour"), "ge", start), Compare(Field("hour"), "lt", end)))


def emails(kind: str, within: int = 0) -> Rows:
    """Return the e-mail events of a kind on the last `within` days (0: ever)."""
    return Rows(
        "messages",
        And((Compare(Field("channel"), "eq", "email"), Compare(Field("kind"), "eq", kind))),
        within,
    )


def share(table: str, where: Predicate) -> Form:
    """Return the share of a table's rows that satisfy `where`."""
    return Ratio(Count(Rows(table, where)), Count(Rows(table)))


def number(name: str, form: Form, unit: Unit, label: str, description: str) -> Feature:
    """Return an entry for a number; its group is filled in by the library."""
    # A quotient is in whole units already.
    scale = MONEY_SCALE if unit is Unit.MONEY and not isinstance(form, Ratio) else 0
    return Feature(name, Kind.NUMBER, form, "", label, description, unit, scale)


def date(name: str, form: Form, label: str, description: str) -> Feature:
    """Return an entry for a service day."""
    return Feature(name, Kind.DATE, form, "", label, description)


def text(
    name: str, form: Form, label: str, description: str, choices: tuple[str, ...] = ()
) -> Feature:
    """Return an entry for a text."""
    return Feature(name, Kind.TEXT, form, "", label, description, choices=choices)


def flag(name: str, form: Form, label: str, description: str) -> Feature:
    """Return an entry for a yes or no."""
    return Feature(name, Kind.BOOLEAN, form, "", label, description)


def texts(name: str, form: Form, label: str, description: str) -> Feature:
    """Return an entry for a list of texts."""
    return Feature(name, Kind.LIST, form, "", label, description)
