"""Wire values read into the types and units that rules compute with.

A value of the wrong kind is never coerced: the text "200" is no number, so that no comparison can
silently mean something else.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isfinite, isinf
from typing import Any, Final, TypeGuard, assert_never

from segml.core.calendar import UNITS
from segml.core.operators import Ago, Operator, Span, Takes
from segml.core.predicates import Scalar
from segml.core.tables import Kind

_INT64: Final = 2**63
_LONGEST_SPAN: Final = 200 * 365
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_TEXT: Final = 1_000
_MOST_DECIMALS: Final = 20  # of a percentage, so that shares stay exact in 128 bits


class WrongValue(ValueError):
    """A value that the operator does not take; the text completes "… takes"."""


def read(wire: Any, operator: Operator, kind: Kind, scale: int = 0, *, ids: bool = False) -> Any:
    """Return `wire` in stored units, ready for ``operator.lower``; `WrongValue` if it is wrong.

    With `ids`, texts may be written as whole numbers, as ids often are.
    """
    if kind is Kind.LIST and operator.takes is not Takes.NOTHING:
        kind = Kind.TEXT

    def one(item: Any) -> Scalar:
        if ids and _whole(item) and isinstance(item, int):
            return str(item)
        return scalar(item, kind, scale)

    match operator.takes:
        case Takes.NOTHING:
            return None
        case Takes.ONE:
            return one(wire)
        case Takes.PAIR:
            pair = _sequence(wire, one)
            if len(pair) != 2:
                raise WrongValue(f"a list of two values, not of {len(pair)}")
            return pair
        case Takes.MANY:
            return _sequence(wire, one)
        case Takes.PERIOD:
            return _span(wire)
        case Takes.AGO:
            return _ago(wire)
        case Takes.MONTH:
            if wire in ("this", "next") or (_whole(wire) and 1 <= wire <= 12):
                return wire if isinstance(wire, str) else int(wire)
            raise WrongValue(f"{Takes.MONTH}, not {shown(wire)}")
        case Takes.PERCENT:
            if is_number(wire) and 0 < wire <= 100 and -_exponent(wire) <= _MOST_DECIMALS:
                return Decimal(str(wire))
            raise WrongValue(f"{Takes.PERCENT}, not {shown(wire)}")
        case Takes.COUNT:
            if _whole(wire) and 1 <= wire < _INT64:
                return int(wire)
            raise WrongValue(f"{Takes.COUNT}, not {shown(wire)}")
    assert_never(operator.takes)


def scalar(wire: Any, kind: Kind, scale: int = 0) -> Scalar:
    """Return one value of `kind` in stored units; `WrongValue` if it is of another kind."""
    match kind:
        case Kind.NUMBER if is_number(wire):
            return scaled(wire, scale)
        case Kind.TEXT if isinstance(wire, str):
            return _text(wire)
        case Kind.BOOLEAN if isinstance(wire, bool):
            return wire
        case Kind.DATE if isinstance(wire, str):
            try:
                return _date(wire)
            except ValueError:
                raise WrongValue(f"a date such as 2026-03-31, not {shown(wire)}") from None
        case _:
            raise WrongValue(f"{_NAMES[kind]}, not {shown(wire)}")


def scaled(wire: int | float, scale: int) -> int | float:
    """Return `wire` in stored units: a whole number where it is one, exactly.

    `WrongValue` where no number is so large.
    """
    exact = Decimal(str(wire)).scaleb(scale)
    if isinf(float(exact)):
        raise WrongValue(f"a number that can be counted with, not {shown(wire)}")
    try:
        whole = exact == exact.to_integral_value()
    except InvalidOperation:
        whole = False
    return int(exact) if whole and abs(exact) < _INT64 else float(exact)


def unscaled(stored: int | float, scale: int) -> int | float:
    """Return a stored number in the wire's unit."""
    exact = Decimal(str(stored)).scaleb(-scale)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _sequence(wire: Any, item: Callable[[Any], Scalar]) -> tuple[Scalar, ...]:
    if not isinstance(wire, Sequence) or isinstance(wire, str):
        raise WrongValue(f"a list of values, not {shown(wire)}")
    return tuple(item(one) for one in wire)


def _span(wire: Any) -> Span:
    if not isinstance(wire, dict):
        raise WrongValue(f"{Takes.PERIOD}, not {shown(wire)}")
    n, unit = wire.get("n"), wire.get("unit", "day")
    if not (_whole(n) and n >= 1):
        raise WrongValue(f'a whole number of at least 1 as "n", not {shown(n)}')
    return Span(int(n), _checked(int(n), unit))


def _ago(wire: Any) -> Ago:
    if not isinstance(wire, dict):
        raise WrongValue(f"{Takes.AGO}, not {shown(wire)}")
    ends = []
    for name in ("from", "to"):
        n = wire.get(name)
        if not (_whole(n) and n >= 0):
            raise WrongValue(f'a whole number of at least 0 as "{name}", not {shown(n)}')
        ends.append(int(n))
    return Ago(ends[0], ends[1], _checked(max(ends), wire.get("unit", "day")))


def _checked(n: int, unit: Any) -> str:
    if unit not in UNITS:
        raise WrongValue(f'one of {", ".join(UNITS)} as "unit", not {shown(unit)}')
    if Span(n, str(unit)).days > _LONGEST_SPAN:
        raise WrongValue(f"at most 200 years, not {n} {unit}s")
    return str(unit)


def is_number(wire: Any) -> TypeGuard[int | float]:
    """Return whether `wire` is a finite number, which true and false are not."""
    if not isinstance(wire, int | float) or isinstance(wire, bool):
        return False
    try:
        return isfinite(wire)
    except OverflowError:  # an integer that no float can hold
        return False


def _date(wire: str) -> date:
    if not _DATE.fullmatch(wire):
        raise ValueError(wire)
    return date.fromisoformat(wire)


def _text(wire: str) -> str:
    if len(wire) > _LONGEST_TEXT:
        raise WrongValue(f"a text of at most {_LONGEST_TEXT:,} characters, not of {len(wire):,}")
    try:
        wire.encode()
    except UnicodeEncodeError:
        raise WrongValue("a text of whole characters, not one with half a surrogate pair") from None
    return wire


def _exponent(wire: float) -> int:
    exponent = Decimal(str(wire)).as_tuple().exponent
    assert isinstance(exponent, int), "a finite number"
    return exponent


def _whole(wire: Any) -> TypeGuard[int | float]:
    return is_number(wire) and wire == int(wire)


def quoted(wire: Any) -> str:
    """Return a word of the rule language as a message quotes it."""
    return f"“{wire}”" if isinstance(wire, str) else shown(wire)


def shown(wire: Any) -> str:
    """Return a value as a person would name it in a message."""
    match wire:
        case None:
            return "nothing"
        case bool():
            return "true" if wire else "false"
        case str():
            return f"the text “{wire}”"
        case list() | tuple():
            return f"a list of {len(wire)}"
        case dict():
            return "an object"
        case _:
            return str(wire)


_NAMES: Final = {
    Kind.NUMBER: "a number",
    Kind.TEXT: "a text",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "a date such as 2026-03-31",
    Kind.LIST: "a list of texts",
}
