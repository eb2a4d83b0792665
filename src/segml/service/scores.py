"""Scores of customers and of rows; what is wrong with one never fails its neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import polars as pl
from pydantic import TypeAdapter, ValidationError

from segml.board import Board, Speaker
from segml.core.errors import UnknownName
from segml.core.tables import CustomerId, Kind
from segml.library.features import FEATURES
from segml.scoring.reasons import reasons
from segml.scoring.silence import BUYING
from segml.verdicts import bands
from segml.wire.models import AskedScores, Row, Scores
from segml.wire.shapes import Customer, Problem
from segml.workspace import Workspace

FEW: Final = 200  # customers whose scores are looked up in milliseconds
_LARGEST: Final = 2**53  # up to which floats hold every whole number; NaN is no number
_ID: Final[TypeAdapter[CustomerId]] = TypeAdapter(Customer)
_TYPES: Final[Mapping[Kind, pl.DataType]] = {
    Kind.NUMBER: pl.Float64(),
    Kind.TEXT: pl.String(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.DATE: pl.Date(),
    Kind.LIST: pl.List(pl.String),
}


def scores(workspace: Workspace, asked: AskedScores) -> Scores:
    """Return what the champions of a day say of customers, or of rows.

    Raises
    ------
    UnknownName
        For a model that is not declared.
    WorkspaceError
        When nobody is champion of a model that was named.
    """
    day = asked.as_of or workspace.latest.day()
    return _told(workspace.models.board(asked.models or (), as_of=day), asked)


def scores_at_once(workspace: Workspace, asked: AskedScores) -> Scores | None:
    """Return the same of a few customers where it takes a look only; None where it may take long.

    Raises
    ------
    UnknownName, WorkspaceError
        As `scores`.
    """
    if asked.as_of or asked.reasons or len(asked.customers or ()) not in range(1, FEW + 1):
        return None
    day = workspace.latest.day()
    board = workspace.models.board_ready(asked.models or (), as_of=day)
    return None if board is None else _told(board, asked)


def _told(board: Board, asked: AskedScores) -> Scores:
    speakers = {
        name: {**asdict(one.reign), "threshold": one.threshold}
        for name, one in board.speakers.items()
    }
    if asked.customers is not None:
        results = _of_customers(board, asked.customers, explained=asked.reasons)
    else:
        assert asked.rows is not None
        results = _of_rows(board, asked.rows, explained=asked.reasons)
    # All at once: an object for every customer and model costs three times as much.
    found = {"as_of": board.moment.as_of, "models": speakers, "results": results}
    return Scores.model_validate(found)


def _of_customers(board: Board, customers: Sequence[CustomerId], *, explained: bool) -> list[Row]:
    answers = board.answers(customers, explained=explained)
    return [
        {"customer_id": customer, "scores": told or {}, "problems": _unknown(place, customer, told)}
        for place, (customer, told) in enumerate(zip(customers, answers, strict=True))
    ]


def _unknown(place: int, customer: CustomerId, told: Row | None) -> list[Problem]:
    if told is not None:
        return []
    wrong = UnknownName("customer", str(customer), ())
    return [Problem(path=["customers", place], message=str(wrong))]


def _of_rows(board: Board, rows: Sequence[Mapping[str, Any]], *, explained: bool) -> list[Row]:
    inputs = (one.champion.inputs for one in board.speakers.values())
    wanted = tuple(dict.fromkeys(field for fields in inputs for field in fields))
    problems = [_wrong(place, row, wanted) for place, row in enumerate(rows)]
    good = [row for row, found in zip(rows, problems, strict=True) if not found]
    schema = {name: _TYPES[FEATURES[name].kind] for name in wanted}
    frame = pl.DataFrame(
        {name: [_value(name, row.get(name)) for row in good] for name in wanted}, schema=schema
    )
    by_model = {
        name: _foretold(one, frame, explained=explained) for name, one in board.speakers.items()
    }
    ahead = iter(range(len(good)))
    results = []
    for row, found in zip(rows, problems, strict=True):
        told = {}
        if not found:
            place = next(ahead)
            told = {name: scored[place] for name, scored in by_model.items()}
        results.append({"customer_id": _id(row), "scores": told, "problems": found})
    return results


def _foretold(speaker: Speaker, frame: pl.DataFrame, *, explained: bool) -> list[dict[str, Any]]:
    model = speaker.champion.model
    score = pl.Series("score", model.scores(frame)).fill_nan(None)
    scored = pl.DataFrame([score, bands(score, speaker.threshold)])
    if explained:
        said = [[str(one) for one in row] for row in reasons(model, frame)]
        scored = scored.with_columns(reasons=pl.Series(said, dtype=pl.List(pl.String)))
    return scored.to_dicts()


def _wrong(place: int, row: Mapping[str, Any], wanted: Sequence[str]) -> list[Problem]:
    """Return what is wrong with a row: a missing field is not the same as an unknown value."""
    found = []
    for name in wanted:
        if name not in row:
            told = f"“{name}” is missing."
            found.append(Problem(path=["rows", place], message=told, hint="Unknown is null."))
        elif not _fits(name, row[name]):
            kind = FEATURES[name].kind
            told = f"“{name}” is a {kind}."
            found.append(Problem(path=["rows", place, name], message=told))
    if not found and {*BUYING} <= {*wanted} and not _has_bought(row):
        told = f"{', '.join(BUYING)} are not those of somebody who has ordered."
        hint = "Nobody else has a score; the first order is no later than the last."
        found.append(Problem(path=["rows", place], message=told, hint=hint))
    if _id(row) is None and row.get("customer_id") is not None:
        told = "A customer's id is a whole number or a text."
        found.append(Problem(path=["rows", place, "customer_id"], message=told))
    return found


def _has_bought(row: Mapping[str, Any]) -> bool:
    """Return whether a row's order days agree with each other, as models of buying need them."""
    days, first, last = (row[name] for name in BUYING)
    if days is None or first is None or last is None:
        return False
    return bool(days >= 1 and 0 <= last <= first and (days > 1) == (first > last))


def _id(row: Mapping[str, Any]) -> CustomerId | None:
    """Return whose row it is; None where it does not say so."""
    try:
        return _ID.validate_python(row.get("customer_id"), strict=True)
    except ValidationError:
        return None


def _fits(name: str, value: Any) -> bool:
    kind = FEATURES[name].kind
    match value:
        case None:
            return True
        case bool():
            return kind is Kind.BOOLEAN
        case str() if kind is Kind.DATE:
            try:
                date.fromisoformat(value)
            except ValueError:
                return False
            return True
        case list() if kind is Kind.LIST:
            return all(isinstance(one, str) for one in value)
        case str():
            return kind is Kind.TEXT
        case int() | float():
            return kind is Kind.NUMBER and abs(value) < _LARGEST
        case _:
            return False


def _value(name: str, value: Any) -> Any:
    if FEATURES[name].kind is Kind.DATE and value is not None:
        return date.fromisoformat(value)
    return float(value) if FEATURES[name].kind is Kind.NUMBER and value is not None else value
