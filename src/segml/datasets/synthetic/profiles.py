"""A profile is what the restaurant knows of a customer, in the state of each time it changed.

The first row of a customer is what was known at registration. Later rows, with ``known_at``, tell
what a loyalty card, a goodbye to the mail or a word of the staff changed. A birthday is missing not
at random: card holders, and among them the young, have told it more often.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segml.core.tables import CONTACT_CHANNELS, TABLE
from segml.datasets.synthetic import columns, town
from segml.datasets.synthetic.calendar import Bools, Calendar, Floats, Ints
from segml.datasets.synthetic.guests import Guests
from segml.datasets.synthetic.messages import Sends
from segml.datasets.synthetic.plan import BLOCK, RestaurantPlan, Stream, block_stream

TAGS: Final = ("corporate", "birthday club", "wine tasting", "family", "event", "blogger")
DIETARY: Final = ("vegan", "vegetarian", "gluten-free", "lactose-free", "nut allergy")
_TAG_SHARES: Final = np.array([0.06, 0.05, 0.04, 0.12, 0.03, 0.01])
_DIET_SHARES: Final = np.array([0.02, 0.05, 0.03, 0.03, 0.01])
_VEGAN: Final = 5  # place of the vegan category on the menu
_STAFF: Final = 0.003
_EXACT_TWICE: Final = 2e-4
# Made-up names of made-up people: every first with every last.
_FIRST_NAMES: Final = tuple(
    a + b for a in ("Al", "Bri", "Cor", "Da", "El", "Fi", "Jo", "Ka", "Li", "Ma", "No", "Sa", "Ti")
    for b in ("na", "ra", "lin", "vin", "mo", "ris", "ella")
)  # fmt: skip
_LAST_NAMES: Final = tuple(
    a + b for a in ("Ander", "Berg", "Carl", "Dorn", "Falk", "Hart", "Lind", "Moor", "Stein")
    for b in ("sen", "mann", "feld", "wood", "er", "vik", "ton", "ley")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Milestones:
    """When a profile changed, per customer of a block, in local seconds since the start of day 0.

    Attributes
    ----------
    created
        Registration.
    enrolled, left, vip
        Taking a card, leaving the mailing list, being marked as a VIP; infinite for never.
    """

    created: Ints
    enrolled: Floats
    left: Floats
    vip: Floats


def created(plan: RestaurantPlan, calendar: Calendar, people: Guests, block: int) -> Ints:
    """Return when each customer registered: at the table, or some days before coming."""
    rng = block_stream(plan, block, Stream.PROFILES)
    day, fraction = calendar.locate(calendar.operational, people.clock, people.joined)
    arrived = calendar.seconds(day, fraction, people.lunch_share)
    first = np.full(BLOCK, np.iinfo(np.int64).max)
    np.minimum.at(first, people.customer, arrived)
    online = rng.random(BLOCK) < 0.2
    before = np.where(online, rng.integers(3600, 10 * 86_400, BLOCK), rng.integers(0, 600, BLOCK))
    return np.asarray(np.clip(first - before, 0, calendar.days * 86_400 - 1))


def customers(
    plan: RestaurantPlan,
    calendar: Calendar,
    people: Guests,
    where: town.Homes,
    *,
    log: Sends,
    when: Milestones,
    block: int,
) -> tuple[pa.Table, Ints, Bools]:
    """Return the rows of `customers`, their places in the block, and which are written twice."""
    rng = block_stream(plan, block, Stream.PEOPLE)
    person = _person(rng, calendar, people, where, block)
    who, since = _versions(calendar, when)
    first = since == when.created[who]
    carded = since >= when.enrolled[who]
    at_once, with_card, wedding = _told(rng, person, calendar)
    told = at_once[who] | (carded & with_card[who])
    table = _kept(person.take(pa.array(who)), "birthday", told)
    table = _kept(table, "anniversary", carded & wedding[who])
    changing = {
        **_consent(people, log, when, who, since),
        "vip": pa.array(since >= when.vip[who]),
        "created_at": columns.times(calendar, when.created[who]),
        "known_at": columns.times(calendar, since, ~first),
    }
    for name, column in changing.items():
        table = table.append_column(name, column)
    twice = (rng.random(BLOCK) < _EXACT_TWICE)[who] & first
    names = [c.name for c in TABLE["customers"].columns if c.name in table.column_names]
    return table.select([*names, "known_at"]), who, twice


def _kept(table: pa.Table, name: str, known: Bools) -> pa.Table:
    """Return the table with a date column null where it is not known yet."""
    place = table.schema.get_field_index(name)
    kept = pc.if_else(pa.array(known), table[name], pa.scalar(None, pa.date32()))
    return table.set_column(place, name, kept)


def _consent(
    people: Guests, log: Sends, when: Milestones, who: Ints, since: Ints
) -> dict[str, pa.Array]:
    """Return consent per state of a profile: a goodbye ends that of the channel it was said on."""
    here = since < when.left[who]
    by_email = log.channel[who] == 0
    email = people.email_opt_in[who] & (here | ~by_email)
    sms = people.sms_opt_in[who] & (here | by_email)
    preferred = np.where(email, 0, np.where(sms, 1, 2))
    return {
        "preferred_channel": columns.texts(CONTACT_CHANNELS, preferred),
        "email_opt_in": pa.array(email),
        "sms_opt_in": pa.array(sms),
    }


def _versions(calendar: Calendar, when: Milestones) -> tuple[Ints, Ints]:
    """Return customer and time of every state of a profile, sorted, each time once."""
    everyone = np.arange(BLOCK)
    who, since = [everyone], [when.created]
    for change in (when.enrolled, when.left, when.vip):
        changes = change < calendar.days * 86_400
        who.append(everyone[changes])
        since.append(np.maximum(change[changes].astype(np.int64), when.created[changes] + 1))
    pairs = np.unique(np.stack([np.concatenate(who), np.concatenate(since)]), axis=1)
    return pairs[0], pairs[1]


def _told(
    rng: np.random.Generator, person: pa.Table, calendar: Calendar
) -> tuple[Bools, Bools, Bools]:
    """Return who told the birthday at once, who with the card, and who the wedding day too."""
    born = person["birthday"].to_numpy().astype("datetime64[D]")
    age = (np.datetime64(calendar.first_day, "D") - born).astype(np.int64) / 365.25
    with_card = np.clip(0.85 - 0.008 * (age - 30), 0.35, 0.95)
    draw = rng.random((3, BLOCK))
    return draw[0] < 0.12, draw[1] < with_card, draw[2] < 0.25


def _person(
    rng: np.random.Generator, calendar: Calendar, people: Guests, where: town.Homes, block: int
) -> pa.Table:
    """Return what does not change about the customers of a block, one row each."""
    number = block * BLOCK + 1 + np.arange(BLOCK)
    age = np.clip(rng.normal(41, 14, BLOCK), 16, 92)
    everyone = np.ones(BLOCK, dtype=np.bool_)
    diets = rng.random((BLOCK, len(DIETARY))) < _DIET_SHARES
    diets[:, 0] |= people.taste[:BLOCK, _VEGAN] > 0.35
    wed = -rng.integers(200, 9_000, BLOCK)
    return pa.table(
        {
            "customer_id": pa.array(number),
            **_contacts(rng, people, number),
            "birthday": columns.dates(calendar, -(age * 365.25).astype(np.int64), everyone),
            "anniversary": columns.dates(calendar, wed, everyone),
            "city": columns.texts(town.CITIES, where.city),
            "postcode": columns.texts(town.POSTCODES, where.postcode),
            "latitude": pa.array(where.latitude),
            "longitude": pa.array(where.longitude),
            "instagram_follower": pa.array(people.follower[:BLOCK]),
            "tags": columns.lists(TAGS, rng.random((BLOCK, len(TAGS))) < _TAG_SHARES),
            "dietary": columns.lists(DIETARY, diets),
            "staff": pa.array(rng.random(BLOCK) < _STAFF),
        }
    )


def _contacts(rng: np.random.Generator, people: Guests, number: Ints) -> dict[str, pa.Array]:
    """Return names, addresses and telephone numbers; who agreed to be written to has told them."""
    first, last = rng.integers(0, (len(_FIRST_NAMES), len(_LAST_NAMES)), (BLOCK, 2)).T
    first_names, last_names = columns.texts(_FIRST_NAMES, first), columns.texts(_LAST_NAMES, last)
    number_text = pa.array(number).cast(pa.string())
    address = pc.binary_join_element_wise(
        pc.utf8_lower(first_names), pc.utf8_lower(last_names), number_text, "."
    )
    email = pc.binary_join_element_wise(address, pa.scalar("example.org"), "@")
    # No country has the code 999.
    phone = pc.binary_join_element_wise(pa.scalar("+999 "), pc.utf8_lpad(number_text, 9, "0"), "")
    reachable = people.email_opt_in[:BLOCK] | (rng.random(BLOCK) < 0.5)
    callable_ = people.sms_opt_in[:BLOCK] | (rng.random(BLOCK) < 0.4)
    none = pa.scalar(None, pa.string())
    return {
        "first_name": first_names,
        "last_name": last_names,
        "email": pc.if_else(pa.array(reachable), email, none),
        "phone": pc.if_else(pa.array(callable_), phone, none),
    }
