"""The rooms of the synthetic restaurant: its calendar, its guests, what they do and what is known.

`segml.datasets.restaurant` is the door, and `segml.datasets.oracle` looks back in. Everything here
is drawn block by block: `plan.BLOCK` guests have their own random streams, named by the seed and
the block's number alone, so a guest is the same person in a small restaurant and in a large one.
"""
