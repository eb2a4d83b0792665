"""Benchmarks: segml's speed and memory beside its peers, on the synthetic restaurant.

Every measurement is a process of its own; both sides must give the same answer; no time is
asserted. `questions` says what is asked; `prepare` writes what is read, the peers' `facts` and
`tables` among it; `ours`, `duck` and `frames` do the works, `child` times one of them, ``__main__``
compares. To add one: a work in `ours`, the same in `duck` or `frames`, a line in ``__main__``.
"""
