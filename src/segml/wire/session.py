"""Who is asking, over HTTP."""

from datetime import date

from pydantic import Field

from segml.wire.shapes import Told


class Session(Told):
    """Who is asking, of which restaurant on which day."""

    name: str
    role: str
    workspace: str
    currency: str
    time_zone: str
    as_of: date | None = Field(description="The night that answers; none was run yet without.")
    age_days: int | None
    stale: bool = Field(description="Whether a night was missed.")
    version: str
    mlflow: str | None = Field(description="Where MLflow's pages are, where that is known.")
    channels: list[str]
    export_cap: int
