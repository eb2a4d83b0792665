"""Leaks: what a training set must not show, refused before anything is learned.

Most leaks have nowhere to live, since a row comes from the snapshot of its night and a label from
an outcome that is over. These are the ones that still could: a row of somebody who was not a
customer yet, a customer on both sides of a split, and a field that tells the outcome itself (a mark
that staff set on guests who left, imported without the day it was set).
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from segml.core.errors import WorkspaceError
from segml.core.features import Attribute, basics
from segml.library.features import FEATURES
from segml.scoring.learners import Lesson

# AUC of one field alone among active customers that cannot be honest: of what customers did, and of
# a profile, which bears no day and may be as of now. A profile tells little of what comes: recency
# itself, on which most depends, reaches about .75, so a mark that is right nine times in ten shows.
_TOO_GOOD: Final = 0.98
_TOO_GOOD_OF_A_PROFILE: Final = 0.85
_FEWEST: Final = 30  # of either outcome, to judge by


def refuse_leaks(lesson: Lesson, title: str, active: NDArray[np.bool_]) -> None:
    """Raise `WorkspaceError` naming everything in a lesson that cannot have been known.

    Parameters
    ----------
    lesson
        The rows to learn from, with their ``night``.
    title
        Of the model, for people.
    active
        Which rows are of active customers, of whom no field can be nearly certain.
    """
    # Of somebody who had not ordered no number means anything, so strangers come first.
    wrong = _strangers(lesson.frame) or _tellers(lesson, active)
    if wrong:
        lines = "".join(f"\n  - {one}" for one in wrong)
        raise WorkspaceError(f"The “{title}” model would learn from what was not known yet:{lines}")


def refuse_overlap(one: pl.Series, other: pl.Series) -> None:
    """Raise `WorkspaceError` when a customer is on both sides of a split."""
    both = one.unique().is_in(other.unique().implode()).sum()
    if both:
        raise WorkspaceError(
            f"{both} customers are both learned from and judged on. Split by customer, not by row."
        )


def _strangers(rows: pl.DataFrame) -> list[str]:
    many = rows.filter(pl.col("days_since_first_order").is_null()).height
    many += rows.filter(pl.col("days_since_first_order") < 1).height
    return [f"{many} rows are of customers who ordered first on a later day"] if many else []


def _tellers(lesson: Lesson, active: NDArray[np.bool_]) -> list[str]:
    # What was written down afterwards shows best on the latest night: its window ends today.
    nights = lesson.frame["night"]
    chosen = active & (nights == nights.max()).to_numpy()
    label = lesson.label[chosen]
    if min(label.sum(), (~label).sum()) < _FEWEST:
        return []
    found = []
    rows = lesson.design.numbers(lesson.frame.filter(pl.Series(chosen)))
    for values in rows:
        told = max(_auc(values, label), _auc(values.is_null().cast(pl.Int8), label))
        if told > (_TOO_GOOD_OF_A_PROFILE if _of_a_profile(values.name) else _TOO_GOOD):
            found.append(
                f"“{values.name}” alone tells the outcome of active customers too well "
                f"(AUC {told:.3f}): it was written down afterwards. Import it with the day it was "
                "known, or leave it out"
            )
    return found


def _of_a_profile(name: str) -> bool:
    """Return whether a number is read off the customer's profile."""
    forms = basics(FEATURES[name].form) if name in FEATURES else ()
    return any(isinstance(form, Attribute) for form in forms)


def _auc(values: pl.Series, label: NDArray[np.bool_]) -> float:
    least = values.min()
    if least is None:
        return 0.5
    ranked = values.fill_null(float(least) - 1).to_numpy()  # type: ignore[arg-type]
    found = float(roc_auc_score(label, ranked))
    return max(found, 1 - found)
