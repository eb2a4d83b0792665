"""What a customer's purchases are made of, in a few numbers: taste apart from volume."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack
from sklearn.decomposition import TruncatedSVD

_MOST_PARTS: Final = 8
_PLACES: Final = {"thing": pl.String, "place": pl.Int64}


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often, or for how much, each customer bought each thing.

    Attributes
    ----------
    things
        What the columns count: items, categories, hours.
    rows
        One row per customer, one column per thing; nothing negative.
    """

    things: tuple[str, ...]
    rows: csr_array

    def of(self, customers: NDArray[np.int64] | slice) -> "Counts":
        """Return the rows of some customers."""
        return Counts(self.things, self.rows[customers])

    @classmethod
    def of_lines(cls, lines: pl.DataFrame, things: Sequence[str], customers: int) -> "Counts":
        """Return the counts of some things; others take no part.

        Parameters
        ----------
        lines
            ``row, thing, lines``: how many lines a customer, by row, has of a thing.
        things
            The columns.
        customers
            The number of rows.
        """
        places = pl.DataFrame({"thing": things, "place": range(len(things))}, schema=_PLACES)
        row, place, many = (
            lines.join(places, on="thing").select("row", "place", "lines").to_numpy().T
        )
        rows = csr_array((many.astype(np.float64), (row, place)), (customers, len(things)))
        return cls(tuple(things), rows)

    @classmethod
    def joined(cls, parts: Iterable["Counts"]) -> "Counts":
        """Return the customers of all parts, which count the same things."""
        held = list(parts)
        return cls(held[0].things, vstack([part.rows for part in held], format="csr"))


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """The directions along which customers' shares of things differ most.

    Shares stand as square roots, so that distances between customers are Hellinger's and a rare
    thing is not drowned by a common one; the directions are the leading singular vectors.

    Attributes
    ----------
    things
        What was counted.
    directions
        One row per direction, one column per thing.
    """

    things: tuple[str, ...]
    directions: NDArray[np.float64]

    @classmethod
    def learned(cls, counts: Counts, seed: int) -> "Mixture":
        """Return the directions of `counts`: at most 8, and fewer than there are things."""
        many = min(_MOST_PARTS, len(counts.things) - 1, counts.rows.shape[0] - 1)
        if many < 1:
            return cls(counts.things, np.empty((0, len(counts.things))))
        found = TruncatedSVD(many, random_state=seed).fit(_root_shares(counts.rows))
        return cls(counts.things, found.components_)

    def parts(self, counts: Counts) -> NDArray[np.float64]:
        """Return where customers stand, a column per direction; NaN for who bought nothing.

        Things that were not there when the directions were learned take no part.
        """
        columns = {thing: place for place, thing in enumerate(counts.things)}
        known = [(i, columns[thing]) for i, thing in enumerate(self.things) if thing in columns]
        rows = counts.rows[:, [place for _, place in known]]
        found = _root_shares(rows) @ self.directions[:, [i for i, _ in known]].T
        return np.where(rows.sum(axis=1)[:, None] > 0, found, np.nan)

    def as_json(self) -> dict[str, Any]:
        """Return the mixture as plain data."""
        return {"things": list(self.things), "directions": self.directions.tolist()}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Mixture":
        """Return the mixture that `as_json` wrote."""
        return cls(tuple(plain["things"]), np.array(plain["directions"]))


def _root_shares(rows: csr_array) -> csr_array:
    """Return the square root of each count's share of its row; rows without any stay empty."""
    totals = rows.sum(axis=1)
    return np.sqrt(diags_array(1 / np.where(totals > 0, totals, 1)) @ rows)
