"""Where a prepared restaurant keeps what both sides read, and what peers need to know of the world.

Nothing of segml is imported here, nor in the peers: their start and memory are their own.
"""

from calendar import day_name, isleap
from datetime import date
from pathlib import Path
from typing import Final

BUCKET: Final = 65_536  # consecutive customers whose facts lie together
TABLES: Final = ("orders", "order_items", "messages", "reviews", "referrals", "loyalty")
DATABASE: Final = "peers.duckdb"
WEEKDAYS: Final = tuple(day_name)
EARTH_RADIUS_KM: Final = 6371.0088


def night_of(data: Path) -> date:
    """Return the night that is asked about."""
    return date.fromisoformat((data / "night.txt").read_text(encoding="utf-8"))


def earlier_night_of(data: Path) -> date:
    """Return the stored night before it."""
    return date.fromisoformat((data / "earlier.txt").read_text(encoding="utf-8"))


def birthday_code(night: date) -> int:
    """Return the largest month · 100 + day whose birthday has been kept by then in its year."""
    kept_early = (night.month, night.day) == (2, 28) and not isleap(night.year)
    return 229 if kept_early else night.month * 100 + night.day
