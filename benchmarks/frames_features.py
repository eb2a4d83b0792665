"""All fields as somebody writes them in Polars by hand: one bucket at a time, one group-by a table.

Windows are filters inside the group-by; the rows being sorted, the first and the last of a group
are the earliest and the latest, and gaps are differences of neighbours.
"""

import json
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.prepared import BUCKET, EARTH_RADIUS_KM, WEEKDAYS, birthday_code

ID: Final = "customer_id"
_WINDOWS: Final = (30, 90, 365)
_VISIT: Final = ~pl.col("refund")


class Bucket:
    """The facts of one bucket and what they say on a night."""

    def __init__(self, folder: Path, night: date, bucket: str) -> None:
        self.facts, self.bucket, self.night = folder / "facts", bucket, night
        self.today = (night - date(1970, 1, 1)).days
        self.words = json.loads((folder / "words.json").read_text("utf-8"))

    def features(self) -> pl.LazyFrame:
        """Return one row per guest with every field."""
        frame = self._table("customers").with_columns(place=pl.col(ID) % BUCKET)
        orders, lines = self._table("orders"), self._table("order_items")
        visits = orders.filter(_VISIT)
        blocks = [
            _orders(orders, self.today),
            *_days(visits),
            *(_favourite(visits, name) for name in ("channel", "restaurant_id", "weekday")),
            *_lines(lines),
            self._messages(),
            *self._others(),
            self._distances(),
        ]
        for block in blocks:
            key = "place" if "place" in block.collect_schema() else ID
            frame = frame.join(block, on=key, how="left", maintain_order="left")
        return frame.select(ID, **self._fields())

    def _table(self, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.facts / name / f"{self.bucket}.parquet").set_sorted(ID)

    def _messages(self) -> pl.LazyFrame:
        words = self.words["messages"]
        email = words["channel"].index("email") if "email" in words["channel"] else -1
        sent, opened, clicked = (
            pl.col("kind") == (words["kind"].index(kind) if kind in words["kind"] else -1)
            for kind in ("sent", "opened", "clicked")
        )
        recent = pl.col("day") >= self.today - 90
        each = (
            self._table("messages")
            .filter(pl.col("channel") == email, sent | opened | clicked)
            .group_by(ID, "message_id")
            .agg(
                sent=(sent & recent).any(),
                lately=(opened & recent).any(),
                opened=opened.any(),
                clicked=clicked.any(),
                last=pl.col("day").filter(sent).max(),
            )
        )
        return each.group_by(ID).agg(
            emails_sent=pl.col("sent").sum(),
            emails_opened=pl.col("lately").sum(),
            opened=(pl.col("sent") & pl.col("opened")).sum(),
            clicked=(pl.col("sent") & pl.col("clicked")).sum(),
            last_email=pl.col("last").max(),
        )

    def _others(self) -> list[pl.LazyFrame]:
        reviews = self._table("reviews").group_by(ID)
        referrals = self._table("referrals").group_by(ID)
        loyalty = self._table("loyalty").group_by(ID)
        newest = (pl.col("at").cast(pl.UInt64) * 4096 + pl.col("tier")).max() % 4096
        return [
            reviews.agg(
                reviews=pl.len(), ratings=pl.col("rating").sum(), last_review=pl.col("day").max()
            ),
            referrals.agg(referrals=pl.len()),
            loyalty.agg(tier=newest, last_change=pl.col("day").max()),
        ]

    def _distances(self) -> pl.LazyFrame:
        places = pl.read_parquet(self.facts / "restaurants.parquet").drop_nulls()
        lat, lon = (pl.col(name).radians() for name in ("latitude", "longitude"))
        chords = [
            ((there_lat - lat) / 2).sin() ** 2
            + lat.cos() * there_lat.cos() * ((there_lon - lon) / 2).sin() ** 2
            for there_lat, there_lon in places.select(lat, lon).iter_rows()
            for there_lat, there_lon in [(pl.lit(there_lat), pl.lit(there_lon))]
        ]
        chord = pl.min_horizontal(chords) if chords else pl.lit(None, pl.Float64)
        metres = (
            2 * EARTH_RADIUS_KM * chord.sqrt().clip(upper_bound=1.0).arcsin() * 1000 + 0.5
        ).floor()
        return self._table("customers").select(ID, distance_km=_over(metres, pl.lit(1000)))

    def _fields(self) -> dict[str, pl.Expr]:
        """Return the fields, in the order of the library, from the columns of the blocks."""
        return self._spending() | self._habits() | self._person() | self._engagement()

    def _spending(self) -> dict[str, pl.Expr]:
        first, last = pl.col("first_day"), pl.col("last_day")
        gaps = pl.col("gaps").cast(pl.Int64)
        under = gaps * pl.col("squares") - pl.col("gap_days") ** 2
        return {
            "orders_total": _count("orders"),
            # A further day is a gap that is not 0.
            "order_days_total": _count("gaps") + first.is_not_null(),
            **{f"orders_{n}d": _count(f"orders_{n}d") for n in _WINDOWS},
            "visits_per_month": _over(_count("trailing"), pl.lit(3)),
            "lifetime_spend": _count("spend"),
            **{f"spend_{n}d": _count(f"spend_{n}d") for n in _WINDOWS},
            "average_order_value": _over(pl.col("spend"), pl.col("orders") * 100),
            "largest_order_value": pl.col("largest"),
            "first_order_at": first.cast(pl.Int32).cast(pl.Date),
            "last_order_at": last.cast(pl.Int32).cast(pl.Date),
            "days_since_first_order": self._since("first_day"),
            "days_since_last_order": self._since("last_day"),
            "first_order_value": pl.col("first_amount"),
            "last_order_value": pl.col("last_amount"),
            "usual_gap_days": pl.col("gap"),
            "gap_spread_days": pl.when(gaps > 1).then(under.cast(pl.Float64).sqrt() / gaps),
            "overdue_ratio": _over(self._since("last_day"), pl.col("gap")),
        }

    def _habits(self) -> dict[str, pl.Expr]:
        orders, items = self.words["orders"], self.words["order_items"]
        categories = pl.element().sort().cast(pl.UInt32).cat.to(pl.Enum(items["category"]))
        visits = ("lunch", "dinner", "weekend")
        return {
            "favorite_category": _text("favorite_category", items["category"]),
            "categories_ordered": pl.col("values_category").list.eval(categories.cast(pl.String)),
            "favorite_item": _text("favorite_item", items["item"]),
            "favorite_channel": _text("favorite_channel", orders["channel"]),
            "favorite_restaurant": _text("favorite_restaurant_id", orders["restaurant_id"]),
            "favorite_weekday": _text("favorite_weekday", ["", *WEEKDAYS]),
            **{f"{name}_share": _over(pl.col(name), pl.col("orders")) for name in visits},
            "healthy_share": _over(pl.col("healthy"), pl.col("lines")),
            "coupon_share": _over(pl.col("coupon"), pl.col("orders")),
            "restaurants_visited": pl.col("values_restaurant_id").list.len().fill_null(0),
        }

    def _person(self) -> dict[str, pl.Expr]:
        born = pl.col("birthday").dt
        not_yet = born.month().cast(pl.Int32) * 100 + born.day() > birthday_code(self.night)
        kept = ("birthday", "anniversary", "city", "postcode", "distance_km", "preferred_channel")
        return {
            "age": self.night.year - born.year() - not_yet.cast(pl.Int32),
            **{name: pl.col(name) for name in (*kept, "email_opt_in", "sms_opt_in")},
        }

    def _engagement(self) -> dict[str, pl.Expr]:
        tier = _text("tier", self.words["loyalty"]["tier"])
        return {
            "emails_sent_90d": _count("emails_sent"),
            "emails_opened_90d": _count("emails_opened"),
            "email_open_rate_90d": _over(pl.col("opened"), pl.col("emails_sent")),
            "email_click_rate_90d": _over(pl.col("clicked"), pl.col("emails_sent")),
            "days_since_last_email": self._since("last_email"),
            "reviews_total": _count("reviews"),
            "average_rating": _over(pl.col("ratings"), pl.col("reviews") * 100),
            "days_since_last_review": self._since("last_review"),
            "loyalty_tier": tier,
            "loyalty_member": (tier != "none").fill_null(value=False),
            "days_in_tier": self._since("last_change"),
            "referrals_total": _count("referrals"),
            **{name: pl.col(name) for name in ("instagram_follower", "tags", "vip", "dietary")},
        }

    def _since(self, column: str) -> pl.Expr:
        return self.today - pl.col(column).cast(pl.Int32)


def _count(column: str) -> pl.Expr:
    return pl.col(column).fill_null(0)


def _orders(orders: pl.LazyFrame, today: int) -> pl.LazyFrame:
    """Return every count, sum and window over orders in one group-by of plain reductions."""
    day, amount, hour = pl.col("day"), pl.col("amount").cast(pl.Int64), pl.col("hour")
    return orders.group_by(ID).agg(
        orders=_VISIT.sum(),
        **{f"orders_{n}d": (_VISIT & (day >= today - n)).sum() for n in _WINDOWS},
        spend=amount.sum(),
        **{f"spend_{n}d": amount.filter(day >= today - n).sum() for n in _WINDOWS},
        largest=amount.filter(_VISIT).max(),
        first_day=day.filter(_VISIT).min(),
        last_day=day.filter(_VISIT).max(),
        first_amount=amount.filter(_VISIT).first(),
        last_amount=amount.filter(_VISIT).last(),
        lunch=(_VISIT & (hour >= 11) & (hour < 14)).sum(),
        dinner=(_VISIT & (hour >= 17) & (hour < 21)).sum(),
        weekend=(_VISIT & (pl.col("weekday") >= 6)).sum(),
        coupon=(_VISIT & pl.col("coupon").is_not_null()).sum(),
    )


def _days(visits: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Return the usual gap, from neighbouring rows, and the visits that trail the last one."""
    again, day = pl.col(ID) == pl.col(ID).shift(), pl.col("day").cast(pl.Int32)
    gaps = visits.select(ID, gap=pl.when(again).then(day - day.shift())).filter(pl.col("gap") > 0)
    gap = pl.col("gap")
    last = visits.group_by(ID).agg(last=pl.col("day").max().cast(pl.Int32))
    trailing = visits.join(last, on=ID).filter(day > pl.col("last") - 90)
    return [
        gaps.group_by(ID).agg(
            gap.median(),
            gaps=pl.len(),
            gap_days=gap.cast(pl.Int64).sum(),
            squares=(gap * gap).cast(pl.Int64).sum(),
        ),
        trailing.group_by(ID).agg(trailing=pl.len()),
    ]


def _favourite(rows: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """Return the favourite and every value there is, by one number per guest and value.

    How often, how lately and the alphabetically first of equals are one number too, to take the
    maximum of.
    """
    code = pl.col("pair") % 2**16
    each = rows.filter(pl.col(column).is_not_null()).select(
        "at", pair=pl.col(ID) % BUCKET * 2**16 + pl.col(column)
    )
    counted = each.group_by("pair").agg(
        times=pl.len().cast(pl.UInt64), latest=pl.col("at").max().cast(pl.UInt64)
    )
    favour = pl.col("times") * 2**44 + pl.col("latest") * 2**12 + (4095 - code)
    return counted.group_by((pl.col("pair") // 2**16).alias("place")).agg(
        (4095 - favour.max() % 4096).alias(f"favorite_{column}"), code.alias(f"values_{column}")
    )


def _lines(lines: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Return what the item lines say; an order counts once for what it has, lines being sorted."""
    order = pl.col("order")

    def once(column: str) -> pl.LazyFrame:
        value = pl.col(column)
        return lines.filter(order.ne_missing(order.shift()) | value.ne_missing(value.shift()))

    return [
        lines.group_by(ID).agg(lines=pl.len(), healthy=pl.col("healthy").sum()),
        _favourite(once("category"), "category"),
        _favourite(once("item"), "item"),
    ]


def _over(above: pl.Expr, below: pl.Expr) -> pl.Expr:
    """Return a quotient that is the nearest float, null for a division by 0."""
    divisor = below.cast(pl.Float64) + above.cast(pl.Float64) * 0
    return pl.when(divisor != 0).then(above.cast(pl.Float64) / divisor)


def _text(column: str, words: list[str]) -> pl.Expr:
    return pl.col(column).cast(pl.UInt32).cat.to(pl.Enum(words)).cast(pl.String)
