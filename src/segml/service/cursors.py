"""Where a page of a list ended, as text that travels: opaque, and checked when it comes back."""

import base64
import json
from dataclasses import dataclass
from datetime import date

from segml.service.problems import Refused


@dataclass(frozen=True, slots=True)
class Cursor:
    """The night a list is of, and how many of it were given; the first page has none."""

    as_of: date | None
    start: int

    def written(self) -> str:
        """Return it as text."""
        document = json.dumps([self.as_of, self.start], default=str)
        return base64.urlsafe_b64encode(document.encode()).decode()

    @classmethod
    def read(cls, text: str | None) -> "Cursor":
        """Return what `written` wrote; the beginning for None."""
        if text is None:
            return cls(None, 0)
        try:
            as_of, start = json.loads(base64.urlsafe_b64decode(text.encode()))
            if not isinstance(start, int) or not 0 <= start < 2**40:
                raise ValueError("no place in a list")
            return cls(date.fromisoformat(as_of), start)
        except (ValueError, TypeError):
            told = "The cursor is none that was given; leave it out to begin at the first page."
            raise Refused(422, "no-cursor", told) from None
