"""The segments that come with segml, read from the library."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from segml.segments.segment import Segment


@cache
def shipped() -> Mapping[str, Segment]:
    """Return the segments that come with segml, by id, in their order."""
    text = files("segml.library").joinpath("segments.toml").read_text(encoding="utf-8")
    return {
        name: Segment(
            name, entry["name"], entry["rule"], entry["description"], entry.get("kind", "")
        )
        for name, entry in tomllib.loads(text).items()
    }
