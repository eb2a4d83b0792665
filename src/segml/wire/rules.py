"""Rules over HTTP: the catalog that they are built from, previews, SQL, reasons."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from segml.wire.shapes import Asked, Customer, Dated, Problem, RuleGroup, SegmentId, Told

Text = Annotated[str, Field(max_length=200)]


class FilledBy(Told):
    """The model that fills a field."""

    name: str
    threshold: float
    certificate: dict[str, Any] | None


class FieldOf(Told):
    """A field of a customer, or of an event's rows."""

    name: str
    kind: str
    label: str
    group: str
    description: str
    unit: str
    choices: list[str]
    operators: list[str]
    suggests: bool = Field(description="Whether values of it can be suggested from the data.")
    unavailable: str = Field(description="Why a rule cannot use it yet; empty when it can.")
    model: FilledBy | None


class Aggregate(Told):
    """What may be made of an event's rows, and of which of their numbers."""

    name: str
    of: list[str]


class EventOf(Told):
    """A table whose rows a rule may count."""

    name: str
    label: str
    verb: str
    fields: list[FieldOf]
    modes: list[str]
    aggregates: list[Aggregate]


class OperatorOf(Told):
    """A word of the rule language; `value` names the shape of what it takes."""

    name: str
    label: str
    value: Literal["none", "one", "two", "list", "share", "count", "period", "ago", "month"]
    kinds: list[str]


class Named(Told):
    """A segment by id and name."""

    id: str
    name: str


class Limits(Told):
    """How deep and how long a rule may be."""

    depth: int
    conditions: int


class CatalogOf(Told):
    """Everything that a rule may name."""

    fields: list[FieldOf]
    events: list[EventOf]
    operators: list[OperatorOf]
    segments: list[Named]
    limits: Limits


class Suggestion(Told):
    """A value that some customers have, and how many."""

    value: str
    count: int


class Suggestions(Told):
    """Values of a field, the most common first."""

    values: list[Suggestion]


class AskedPreview(Dated):
    """A rule to be counted; of one `session` only the newest question is worth answering."""

    rule: RuleGroup
    session: Annotated[str, Field(max_length=100)] | None = None


class KeptOf(Told):
    """A condition, and how many customers it keeps and drops by itself."""

    path: list[int]
    words: str
    kept: int
    dropped: int


class PreviewOf(Told):
    """A rule, counted; with any problem nothing is counted."""

    count: int | None
    universe: int | None
    as_of: date
    sentence: str
    sample: list[dict[str, Any]]
    conditions: list[KeptOf]
    problems: list[Problem]
    reachable: dict[str, int] = Field(description="By channel, how many may be written to.")


class AskedSql(Dated):
    """A rule to be printed as SQL."""

    rule: RuleGroup
    dialect: Literal["duckdb", "postgres", "spark"] = "duckdb"


class Sql(Told):
    """One SQL query."""

    sql: str


class OneSet(Dated):
    """A set of customers: a segment or a rule, one of the two."""

    segment: SegmentId | None = None
    rule: RuleGroup | None = None

    @model_validator(mode="after")
    def _one(self) -> "OneSet":
        if (self.segment is None) == (self.rule is None):
            raise ValueError("give a segment or a rule, one of the two")
        return self

    @property
    def asked(self) -> str | dict[str, Any]:
        """Return what a workspace takes."""
        return self.segment if self.rule is None else self.rule  # type: ignore[return-value]


class AskedReasons(OneSet):
    """A customer, to be told why they are in a set, or why not."""

    customer_id: Customer


class ReasonOf(Told):
    """One condition as it stands for one customer."""

    path: list[int]
    words: str
    value: Any
    holds: bool
    wanted: bool


class Explanation(Told):
    """Why a customer is in a set, or why not."""

    customer_id: Customer
    segment: str
    as_of: date
    member: bool
    sentence: str
    conditions: list[ReasonOf]


class Person(Told):
    """A customer by id and name."""

    customer_id: Customer
    first_name: str | None
    last_name: str | None


class People(Told):
    """Customers who were found."""

    customers: list[Person]


class AskedDifference(Asked):
    """Another rule for a segment."""

    rule: RuleGroup


class CauseOf(Told):
    """A condition, and how many of those who move it decides."""

    path: list[int]
    words: str
    customers: int


class DifferenceOf(Told):
    """Who would come and go if a segment had another rule."""

    segment: str
    as_of: date
    before: int
    after: int
    entered: int
    left: int
    why_entered: list[CauseOf]
    why_left: list[CauseOf]
