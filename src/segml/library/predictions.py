"""The scores that come with segml: fields that a trained model fills."""

from typing import Final

from segml.core.features import Score, Unit
from segml.library.entries import number

PREDICTIVE: Final = (
    number(
        "churn_risk",
        Score("churn"),
        Unit.SHARE,
        "churn risk",
        "The calibrated probability of no order within the model's horizon.",
    ),
    number(
        "tier_upgrade_likelihood",
        Score("tier_upgrade"),
        Unit.SHARE,
        "tier upgrade likelihood",
        "The calibrated probability of reaching a higher tier within the model's horizon.",
    ),
    number(
        "expected_orders_90d",
        Score("expected_orders"),
        Unit.ORDERS,
        "expected orders in the next 90 days",
        "The number of orders to expect on the next 90 days.",
    ),
)
