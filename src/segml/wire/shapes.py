"""The bases of all shapes, and those that several use."""

from datetime import date
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

RuleGroup = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "title": "RuleGroup",
            "description": "A react-querybuilder group. The rule language checks it, and names "
            "every problem by its path.",
            "properties": {
                "combinator": {"type": "string", "enum": ["and", "or"]},
                "not": {"type": "boolean"},
                "rules": {"type": "array", "items": {"type": "object"}},
            },
            "required": ["combinator", "rules"],
        }
    ),
]
"""A rule as JSON."""

Customer = (
    Annotated[int, Field(ge=-(2**63), lt=2**63)]
    | Annotated[str, Field(min_length=1, max_length=1_000)]
)
"""A customer's id."""

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""What people call a thing."""

SegmentId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""What a segment may be called in rules and addresses."""


class Asked(BaseModel):
    """A request's body; what it does not know is refused, so that no misspelt word is ignored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, body: Any) -> Any:
        """Refuse texts that no database, or no answer, can hold, however deep they stand."""
        rest = [body]
        while rest:
            match rest.pop():
                case dict() as found:
                    rest.extend((*found, *found.values()))
                case list() as found:
                    rest.extend(found)
                case str() as found if not _is_storable(found):
                    raise ValueError("a text has half a surrogate pair or a NUL character in it")
        return body


class Told(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid")


class Dated(Asked):
    """A request that is meant for a night."""

    as_of: date | None = Field(default=None, description="The latest whole night unless given.")


class Problem(Told):
    """One thing wrong with a request."""

    path: list[int | str] = Field(description="Where: in a rule, the child indexes from its root.")
    message: str = Field(description="What is wrong.")
    hint: str = Field(default="", description="What would be right.")


class ProblemDocument(Told):
    """Every error of every route (RFC 9457, ``application/problem+json``)."""

    type: str = Field(description="What kind of error, as a short word.")
    title: str
    status: int
    detail: str
    problems: list[Problem]
    request_id: str


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
