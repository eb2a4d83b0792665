"""BUYING: customers buy at their own pace until, unseen, they stop (buy till you die).

Every model here is the likelihood of what was seen of a customer: the days with an order, and the
silence since. Two things follow for all of them, so they are written once:

- parameters are where that likelihood is greatest (`likelihood.py`);
- the chance of a further silence is the likelihood of the longer silence over that of the present
  one, so the chance of an order needs no formula of its own.

P(alive) is not offered: the BG/NBD gives 1 to whoever bought once, and nobody can see it. What can
be seen, and scored, is an order within the horizon.
"""
