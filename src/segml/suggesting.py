"""Values worth suggesting to somebody who writes a condition: those that customers have."""

from datetime import date

import polars as pl

from segml.core.errors import UnknownName
from segml.core.tables import Kind
from segml.rules.catalog import Catalog
from segml.storage.moments import Moments

Found = list[tuple[str, int]]


def suggestions(
    moments: Moments, catalog: Catalog, field: str, event: str | None, part: str, as_of: date
) -> Found:
    """Return the values of a field that have a text in them, and how often, the commonest first.

    Of customers' fields those known at `as_of` are counted; of events, all rows.

    Raises
    ------
    UnknownName
        For a field or an event there is not.
    """
    if event is not None and event not in catalog.events:
        raise UnknownName("event", event, catalog.events)
    known = catalog.fields if event is None else catalog.events[event].fields
    if field not in known:
        raise UnknownName("field", field, known)
    if known[field].kind not in (Kind.TEXT, Kind.LIST) or known[field].unavailable:
        return []
    counted = (
        _of_customers(moments, field, as_of) if event is None else moments.facts.words(event, field)
    )
    wanted = pl.col("value").str.to_lowercase().str.contains(part.strip().lower(), literal=True)
    return counted.filter(wanted).rows()


def _of_customers(moments: Moments, field: str, as_of: date) -> pl.DataFrame:
    moment = moments.at(as_of).need((field,))
    key = ("values of", moment.key, field)

    def read() -> pl.DataFrame:
        column = moment.column(field)
        values = column.decoded().alias("value").to_frame()
        if column.kind is Kind.LIST:
            values = values.explode("value")
        counted = values.drop_nulls().group_by("value").len("count")
        whole = counted.select(pl.col("value").cast(pl.String), pl.col("count").cast(pl.Int64))
        return whole.sort("count", "value", descending=[True, False])

    return moments.cache.get(key, read, lambda frame: int(frame.estimated_size()))
