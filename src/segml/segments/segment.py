"""A segment is a rule with a name, an owner and versions."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from segml.core.errors import WorkspaceError
from segml.core.markup import Html, document, folded, joined, paragraph, strong

SHIPPED: Final = "segml"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Segment:
    """One version of a segment.

    Attributes
    ----------
    id
        Its public name: lower-case letters, digits and hyphens.
    name, description
        For people.
    rule
        A react-querybuilder group, as it was saved.
    kind
        "" for a plain rule, else "dynamic", "example" or "model".
    owner
        Who saved it; ``segml`` for those that come with the product and cannot be changed.
    version
        1 for the first rule saved under this id.
    saved_at
        When this version was saved, ISO 8601; empty for those that come with the product.
    tags
        Words that people find it by.
    """

    id: str
    name: str
    rule: Any
    description: str = ""
    kind: str = ""
    owner: str = SHIPPED
    version: int = 1
    saved_at: str = field(default="", compare=False)
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise WorkspaceError(
                f"“{self.id}” cannot be a segment's id. "
                "An id is lower-case letters, digits and hyphens, such as wine-lovers."
            )

    def _repr_html_(self) -> Html:
        saved = f"version {self.version} by {self.owner}"
        when = f", saved {self.saved_at}" if self.saved_at else ""
        return joined(
            paragraph(strong(self.name), f" ({self.id}), {saved}{when}"),
            paragraph(self.description),
            folded("Its rule", document(self.rule)),
        )
