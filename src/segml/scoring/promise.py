"""A certificate as people read it: what is promised, on what evidence, until when.

Where the level that was asked for cannot be proven, the promise is empty and says which level can.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final

from segml.scoring.certify import CannotCertify, Certificate

VALID_DAYS: Final = 180  # after the training; then customers may have changed too much


def promise(
    found: Certificate | CannotCertify, night: date, horizon: int, as_of: date
) -> dict[str, Any]:
    """Return a certificate as plain data, with ``words``.

    Parameters
    ----------
    found
        What was proven.
    night, horizon
        The evidence: customers of that night, and so many days after it.
    as_of
        The day of training.
    """
    window = f"on the {horizon} days from {night} on"
    expires = as_of + timedelta(days=VALID_DAYS)
    plain: dict[str, Any] = {"night": night.isoformat(), "horizon": horizon}
    if isinstance(found, Certificate):
        words = (
            f"Certified: at least {found.level:.0%} of customers scored {found.threshold:.3f} or "
            f"more have the label (confidence {found.confidence:.0%}). {found.correct:,} of the "
            f"{found.selected:,} selected among {found.customers:,} customers had it {window} "
            f"({found.realised:.1%}; {found.share:.1%} of all are selected). Valid until {expires}."
        )
        held = asdict(found) | {"realised": found.realised, "share": found.share}
        return {"certified": True, **plain, **held, "expires": expires.isoformat(), "words": words}
    words = f"{found.asked:.0%} precision cannot be certified"
    best = found.best
    if best is None:
        return {
            "certified": False,
            **plain,
            "best": None,
            "words": f"{words}: too little evidence.",
        }
    words += (
        f". The best that {best.customers:,} customers prove {window} is {best.level:.1%}, "
        f"from a score of {best.threshold:.3f} on ({best.share:.1%} of all)."
    )
    return {"certified": False, **plain, "best": asdict(best), "words": words}


def stands(certificate: Mapping[str, Any], on: date) -> bool:
    """Return whether a promise holds on a day: it was made, and has not run out."""
    return bool(certificate.get("certified")) and on < date.fromisoformat(certificate["expires"])
