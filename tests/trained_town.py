"""A restaurant large enough to learn from, with a churn model taught on two days."""

from datetime import date, timedelta
from pathlib import Path

from segml.datasets.restaurant import RestaurantPlan, write_restaurant
from small_town import filled

TOWN = RestaurantPlan(
    customers=1600, seed=3, first_day=date(2025, 5, 1), last_day=date(2026, 3, 31)
)
END = TOWN.last_day + timedelta(days=1)
EARLY = date(2025, 6, 10)  # when hardly anybody had come back: each customer's own rhythm
LATE = date(2026, 1, 31)  # when three past nights could be learned from


def fill_town(folder: Path) -> None:
    """Make a workspace in `folder` whose churn model was taught as of `EARLY` and `LATE`."""
    (folder / "data").mkdir()
    write_restaurant(folder / "data", TOWN)
    workspace = filled(folder / "workspace", folder / "data")
    for day in (EARLY, LATE):
        workspace.models.train("churn", as_of=day)
    workspace.records.database.close()
