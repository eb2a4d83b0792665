"""The town is where the restaurants stand and where the guests live."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from segml.datasets.synthetic.calendar import Floats, Ints
from segml.datasets.synthetic.guests import Guests
from segml.datasets.synthetic.plan import BLOCK, RestaurantPlan, Stream, block_stream

TIME_ZONE: Final = "Europe/Berlin"
# Name, latitude, longitude; made up, as is the town.
RESTAURANTS: Final = (
    ("Osteria am Markt", 51.0504, 13.7373),
    ("Neustadt Kitchen", 51.0660, 13.7480),
    ("Harbour Table", 51.0571, 13.7145),
    ("Garden House", 51.0375, 13.7622),
    ("Station Bistro", 51.0402, 13.7312),
    ("Hilltop", 51.0289, 13.7051),
    ("Riverside", 51.0543, 13.7867),
    ("Old Mill", 51.0795, 13.7220),
)
CITIES: Final = ("Elbstadt", "Nordau", "Westheim", "Suedfeld", "Ostried")
POSTCODES: Final = tuple(f"{10_000 + 100 * city + area}" for city in range(5) for area in range(16))
_CENTRE: Final = (51.0500, 13.7400)
_SPREAD: Final = (0.028, 0.045)  # degrees, about 3 km both ways
_CITY_RADIUS: Final = 0.05  # degrees of latitude; beyond it lie the small towns
_KM_PER_DEGREE: Final = 111.19


@dataclass(frozen=True, slots=True)
class Homes:
    """Where the customers of a block live and eat; one entry each.

    Attributes
    ----------
    latitude, longitude
        Degrees, four decimals (about ten metres).
    city, postcode
        Indexes into `CITIES` and `POSTCODES`.
    usual, other
        Row of the restaurant a customer mostly visits, and of the second choice.
    """

    latitude: Floats
    longitude: Floats
    city: Ints
    postcode: Ints
    usual: Ints
    other: Ints


def homes(plan: RestaurantPlan, block: int) -> Homes:
    """Return the homes of a block of customers."""
    rng = block_stream(plan, block, Stream.HOMES)
    north, east = rng.standard_normal((2, BLOCK)) * np.array(_SPREAD)[:, None]
    latitude, longitude = np.round(_CENTRE[0] + north, 4), np.round(_CENTRE[1] + east, 4)
    far = np.hypot(north, east * 0.63) > _CITY_RADIUS
    side = np.where(np.abs(north) > np.abs(east), np.where(north > 0, 1, 3), 2 + 2 * (east > 0))
    city = np.where(far, side, 0)
    area = np.clip((north / 0.02 + 2).astype(int), 0, 3) * 4
    area += np.clip((east / 0.03 + 2).astype(int), 0, 3)
    places = np.array([place[1:] for place in RESTAURANTS[: plan.restaurants]])
    distance = np.hypot(
        latitude[:, None] - places[:, 0], (longitude[:, None] - places[:, 1]) * 0.63
    )
    # Nearness counts, taste counts as much as 1.5 km do.
    liking = distance * _KM_PER_DEGREE + 1.5 * rng.gumbel(size=distance.shape)
    ranked = np.argsort(liking, axis=1, kind="stable")
    return Homes(
        latitude,
        longitude,
        city,
        city * 16 + area,
        ranked[:, 0],
        ranked[:, min(1, len(places) - 1)],
    )


def visited(rng: np.random.Generator, where: Homes, people: Guests, person: Ints) -> Ints:
    """Return the row of the restaurant of each visit: mostly the usual one."""
    customer = people.customer[person]
    return np.where(rng.random(len(person)) < 0.78, where.usual[customer], where.other[customer])
