"""The house keeps its own rules: floors, clocks, names, sizes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import segml
from segml.core.tables import TABLE
from segml.library.features import FEATURES

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "segml").rglob("*.py"))
EVERYTHING = [*SOURCES, *sorted((ROOT / "tests").glob("*.py")), *(ROOT / "pipelines").glob("*.py")]

CLOCKS = {"now", "today", "utcnow", "datetime.now", "date.today", "time_ns", "time.time"}

FIELDS = """
orders_total orders_30d orders_90d orders_365d visits_per_month lifetime_spend spend_30d spend_90d
spend_365d average_order_value largest_order_value first_order_at last_order_at
days_since_first_order days_since_last_order first_order_value last_order_value usual_gap_days
overdue_ratio favorite_category categories_ordered favorite_item favorite_channel
favorite_restaurant favorite_weekday lunch_share dinner_share weekend_share healthy_share
coupon_share restaurants_visited age birthday anniversary city postcode distance_km
preferred_channel email_opt_in sms_opt_in marketing_objection emails_sent_90d emails_opened_90d
email_open_rate_90d email_click_rate_90d days_since_last_email reviews_total average_rating
days_since_last_review loyalty_tier loyalty_member days_in_tier referrals_total instagram_follower
tags vip dietary churn_risk tier_upgrade_likelihood expected_orders_90d
"""


def test_imports_go_downward() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_only_the_command_line_and_the_service_ask_the_time(path: Path) -> None:
    asked = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node).split(".", 1)[-1] in CLOCKS
    }
    asked -= {"options.now", "options.today"}
    assert not asked or path.name in {"cli_options.py", "bento.py"}


def test_files_are_rooms_not_halls() -> None:
    long = {p.name: n for p in EVERYTHING if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert not long


def test_every_room_says_what_it_is() -> None:
    for path in SOURCES:
        first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
        assert first, path


def test_the_public_face_is_small_and_sorted() -> None:
    assert segml.__all__ == sorted(segml.__all__)
    assert len(segml.__all__) <= 20
    assert all(hasattr(segml, name) for name in segml.__all__)


def test_the_public_names_of_the_contract() -> None:
    assert set(FIELDS.split()) <= set(FEATURES)
    assert list(TABLE)[:8] == [
        "restaurants",
        "customers",
        "orders",
        "order_items",
        "messages",
        "reviews",
        "referrals",
        "loyalty",
    ]


def test_entries_are_complete_for_people() -> None:
    for name, feature in FEATURES.items():
        assert feature.name == name
        assert feature.group
        assert feature.label
        assert feature.description.endswith(".")


def test_the_lock_holds_names_and_versions_only() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    assert lines
    for line in lines:
        assert "://" not in line
        assert "--hash" not in line
        assert "==" in line
