"""MLflow: every training is a run, every version is registered, aliases say which one counts.

By default a SQLite file in the workspace; any tracking URI by setting. Only training and promotion
ask it; scoring reads `versions`. Nothing is sent anywhere else: telemetry is switched off.
"""

import logging
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from segml.scoring.model import Model
from segml.scoring.report import Report

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
ROLLBACK: Final = "rollback"
_FILE: Final = "mlflow.db"
_ARTIFACTS: Final = "mlartifacts"
_LIBRARIES: Final = ("lightgbm", "numpy", "polars", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Tracking:
    """The runs and versions of a workspace.

    Attributes
    ----------
    folder
        Of the workspace.
    uri
        MLflow's tracking URI; empty for a SQLite file in the workspace.
    """

    folder: Path
    uri: str = ""

    @property
    def address(self) -> str:
        """Return the tracking URI in use."""
        return self.uri or f"sqlite:///{(self.folder / _FILE).resolve()}"

    def log(self, report: Report, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> int:
        """Log a training with its report, register its model, and return the version's number."""
        model = report.trained.model
        run = self._client.create_run(
            self._experiment(model.name), tags=dict(tags), run_name=f"{model.name} {model.as_of}"
        )
        run_id = run.info.run_id
        self._client.log_batch(run_id, _metrics(report), _parameters(parameters))
        self._client.log_text(run_id, report.markdown(), "model_card.md")
        self._client.log_text(run_id, report.html(), "report.html")
        for name, figure in report.figures.items():
            self._client.log_figure(run_id, figure, f"{name.replace(' ', '_')}.png")
        number = self._registered(model, run_id, run.info.artifact_uri)
        self._client.set_terminated(run_id)
        return number

    def alias(self, name: str, alias: str) -> int | None:
        """Return the version an alias stands for; None where it stands for none."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        try:
            found = self._client.get_model_version_by_alias(name, alias)
        except MlflowException:
            return None
        return int(found.version)

    def point(self, name: str, alias: str, version: int) -> None:
        """Make an alias stand for a version."""
        self._client.set_registered_model_alias(name, alias, str(version))

    def model(self, name: str, version: int) -> Model:
        """Return a registered version."""
        import mlflow.artifacts  # noqa: PLC0415

        source = self._client.get_model_version(name, str(version)).source
        found = mlflow.artifacts.download_artifacts(
            artifact_uri=f"{source}/data/model.json", tracking_uri=self.address
        )
        return Model.from_document(Path(found).read_text(encoding="utf-8"))

    @cached_property
    def _client(self) -> "MlflowClient":
        # MLflow reads these when it is imported.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("DO_NOT_TRACK", "true")
        from mlflow import MlflowClient  # noqa: PLC0415 (loads slowly)

        # That it makes its tables is nothing to tell the person who trains a model.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
        return MlflowClient(tracking_uri=self.address, registry_uri=self.address)

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        place = None if self.uri else (self.folder / _ARTIFACTS / name).resolve().as_uri()
        return str(self._client.create_experiment(name, artifact_location=place))

    def _registered(self, model: Model, run_id: str, artifacts: str) -> int:
        import mlflow.pyfunc  # noqa: PLC0415
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as scratch:
            document = Path(scratch) / "model.json"
            document.write_text(model.document, encoding="utf-8")
            mlflow.pyfunc.save_model(
                path=f"{scratch}/model",
                loader_module="segml.storage.served",
                data_path=str(document),
                # Named here, for finding them out takes MLflow ten seconds.
                pip_requirements=[
                    f"segml=={installed('segml')}",
                    *(f"{name}=={installed(name)}" for name in _LIBRARIES),
                ],
            )
            self._client.log_artifacts(run_id, f"{scratch}/model", "model")
        with suppress(MlflowException):  # there is one already
            self._client.create_registered_model(model.name)
        made = self._client.create_model_version(
            model.name, f"{artifacts}/model", run_id, tags={"digest": model.digest}
        )
        return int(made.version)


def _metrics(report: Report) -> "list[Metric]":
    from mlflow.entities import Metric  # noqa: PLC0415

    # Of a day, not of the hour of its training: the same training logs the same.
    day = datetime.combine(report.trained.model.as_of, time(), UTC)
    moment = int(day.timestamp() * 1000)
    return [Metric(key, value, moment, 0) for key, value in report.metrics().items()]


def _parameters(parameters: Mapping[str, Any]) -> "list[Param]":
    from mlflow.entities import Param  # noqa: PLC0415

    return [Param(key, str(value)) for key, value in parameters.items()]
