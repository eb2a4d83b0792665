"""How MLflow opens a model of ours: plain JSON, no pickles.

``mlflow.pyfunc.load_model("models:/churn@champion").predict(frame)`` gives calibrated chances.
"""

from pathlib import Path
from typing import Any

import polars as pl

from segml.scoring.log_odds import Floats
from segml.scoring.model import Model


class Served:
    """A model as MLflow asks it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, frame: Any, params: dict[str, Any] | None = None) -> Floats:
        """Return one score per row of a pandas or Polars frame with the model's inputs."""
        del params
        rows = frame if isinstance(frame, pl.DataFrame) else pl.from_pandas(frame)
        return self.model.scores(rows)


def _load_pyfunc(path: str) -> Served:  # the name MLflow looks for
    return Served(Model.from_document(Path(path).read_text(encoding="utf-8")))
