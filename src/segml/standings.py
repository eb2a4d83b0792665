"""How the models stand: who is champion of each, since when, and how they were judged."""

from dataclasses import asdict
from typing import Any

from segml.champions import Champions
from segml.scoring.spec import ModelSpec
from segml.storage.versions import Reign


def listed(champions: Champions) -> list[dict[str, Any]]:
    """Return every declared model with its latest champion, nulls where there is none."""
    rows = []
    for name, spec in champions.specs.items():
        reign = champions.versions.reign(name)
        model = champions.versions.champion(name)
        rows.append(
            {
                "model": name,
                "field": spec.field,
                "horizon_days": model.horizon if model else spec.horizon,
                "champion": reign.version if reign else None,
                "since": reign.since if reign else None,
                "threshold": champions.threshold(model) if model else None,
                "certificate": dict(model.certificate) if model else None,
            }
        )
    return rows


def told(champions: Champions, spec: ModelSpec) -> dict[str, Any]:
    """Return a model's champions, the latest first, each with how it was judged.

    By champion ``version, since, digest, threshold, certificate, withdrawn, matured`` and ``card``
    (see `scoring.report.Report.card`; None for versions kept before there were any).
    """
    reigns = champions.versions.reigns().get(spec.name, ())
    return {
        "model": spec.name,
        "title": spec.title,
        "field": spec.field,
        "horizon_days": spec.horizon,
        "champions": [_champion(champions, spec.name, reign) for reign in reversed(reigns)],
    }


def _champion(champions: Champions, name: str, reign: Reign) -> dict[str, Any]:
    versions = champions.versions
    model, withdrawal = versions.model(name, reign.digest), versions.withdrawal(reign.digest)
    return {
        "version": reign.version,
        "since": reign.since,
        "digest": reign.digest,
        "taught_as_of": model.as_of,
        "rung": model.rung,
        "inputs": list(model.inputs),
        "threshold": champions.threshold(model),
        "certificate": dict(model.certificate),
        "withdrawn": asdict(withdrawal) if withdrawal else None,
        "matured": [asdict(one) for one in versions.matured(reign.digest)],
        "card": versions.card(name, reign.digest),
    }
