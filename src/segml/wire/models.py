"""Models and scores over HTTP."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from segml.wire.shapes import Customer, Dated, Problem, Told

Row = dict[str, Any]


class ModelRow(Told):
    """A declared model with its latest champion, nulls where there is none."""

    model: str
    field: str
    horizon_days: int
    champion: int | None
    since: date | None
    threshold: float | None
    certificate: dict[str, Any] | None


class Models(Told):
    """Every declared model."""

    models: list[ModelRow]


class CalibrationPoint(Told):
    """A tenth of the customers by score: what was foretold, and what came true."""

    predicted: float
    observed: float
    n: int


class Card(Told):
    """How a version was judged when it was taught, beside its baselines."""

    text: str = Field(description="For people, in Markdown.")
    customers: int
    promoted: bool
    slices: dict[str, dict[str, float | None]]
    baselines: dict[str, dict[str, dict[str, float | None]]]
    calibration: dict[str, list[CalibrationPoint]]


class ChampionOf(Told):
    """A version that is, or was, champion."""

    version: int
    since: date
    digest: str
    taught_as_of: date
    rung: str
    inputs: list[str]
    threshold: float
    certificate: dict[str, Any]
    withdrawn: dict[str, Any] | None
    matured: list[dict[str, Any]]
    card: Card | None


class ModelOf(Told):
    """A model and its champions, the latest first."""

    model: str
    title: str
    field: str
    horizon_days: int
    champions: list[ChampionOf]


class AskedScores(Dated):
    """Whose scores: customers by id, or rows of fields as on the night of no customer's."""

    customers: Annotated[list[Customer], Field(max_length=1_000)] | None = None
    rows: Annotated[list[Row], Field(max_length=1_000)] | None = None
    models: Annotated[list[str], Field(max_length=20)] | None = None
    reasons: bool = False

    @model_validator(mode="after")
    def _one(self) -> "AskedScores":
        if (self.customers is None) == (self.rows is None):
            raise ValueError("give customers or rows, one of the two")
        return self


class Score(Told):
    """What a model says of a customer; no score of whom it does not speak of."""

    score: float | None
    band: Literal["high", "medium", "low"] | None
    reasons: list[str] | None = None


class Scored(Told):
    """A customer's scores by model, or why there are none."""

    customer_id: Customer | None
    scores: dict[str, Score]
    problems: list[Problem]


class Speaker(Told):
    """Which version of a model spoke."""

    version: int
    digest: str
    since: date
    threshold: float


class Scores(Told):
    """Scores, as they were asked for, and which version spoke."""

    as_of: date
    models: dict[str, Speaker]
    results: list[Scored]


class AskedLookalike(Dated):
    """Whose like is looked for: a segment's members, or listed customers."""

    segment: Annotated[str, Field(max_length=63)] | None = None
    customers: Annotated[list[Customer], Field(max_length=100_000)] | None = None
    size: Annotated[float, Field(ge=1, le=10)] | None = Field(
        default=None, description="Of the list, in percent of the candidates."
    )

    @model_validator(mode="after")
    def _one(self) -> "AskedLookalike":
        if (self.segment is None) == (self.customers is None):
            raise ValueError("give a segment or customers, one of the two")
        return self


class SavedLookalike(AskedLookalike):
    """Under which name the most alike shall be a segment that every night finds anew."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=2_000)] = ""


class Lift(Told):
    """How many times as many held-out seeds a list of a size finds as a random one."""

    size: float = Field(description="In percent of the candidates.")
    count: int
    lift: float | None
    low: float | None
    high: float | None
    spenders_lift: float | None
    within_activity_lift: float | None


class LookalikeOf(Told):
    """Who is most alike, and how far that can be trusted."""

    as_of: date
    seeds: int
    candidates: int
    size: float
    count: int
    curve: list[Lift]
    differences: list[str]
    warnings: list[str]
    sample: list[dict[str, Any]]
