"""A workspace without a night says what to do first, and every view leads there."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from serving import served
from viewing import faults, opened

from segml import Workspace


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Run the service over a workspace that was only just made."""
    folder = tmp_path_factory.mktemp("first") / "workspace"
    Workspace.create(folder)
    # Before its first night it lives, and is ready for nobody's questions yet.
    with served(folder, sign="/livez") as client:
        yield client


def test_the_first_steps_are_told_and_taken(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/vip-customers/insights")
    expect(page.get_by_role("heading", name="Nothing is counted yet")).to_be_visible()
    assert not faults(page)
    page.get_by_role("link", name="See the first steps").click()
    steps = page.get_by_role("region", name="Three steps")
    expect(steps).to_contain_text("segml import orders")
    assert not faults(page)
    steps.get_by_role("button", name="Run a night now").click()
    expect(page.get_by_text("was started")).to_be_visible()
    expect(page.locator('[data-segment="at-risk"]').get_by_test_id("count")).to_have_text(
        "0", timeout=30_000
    )
    expect(steps).to_be_visible()
