"""HTTP: one process, one port, for the scoring API, the JSON API and the page's files.

`guard` stands before everything: who is asking, may they, how much, and what the answer's headers
are. Behind it `bento` serves scores and previews, `api` the rest; both say what went wrong in the
one shape of `problems`. Law kept: nothing is answered to anybody without an identity that may.
"""
