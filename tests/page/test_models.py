"""What the page says of a model that was trained."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from serving import served
from viewing import faults, opened

from segml.demo import restaurant


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Run the service over a restaurant that foretells churn."""
    folder = tmp_path_factory.mktemp("models") / "workspace"
    restaurant(folder, customers=1500).models.train("churn")
    with served(folder) as client:
        yield client


def test_a_model_is_shown_beside_its_baselines(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/models")
    page.get_by_role("link", name="Churn risk").click()
    page.get_by_role("heading", name="Churn risk", level=1).wait_for()
    champion = service.get("/api/v1/models/churn").json()["champions"][0]
    for promise in champion["certificate"].values():
        expect(page.get_by_text(promise["words"], exact=True)).to_be_visible()
    card = champion["card"]
    for population in card["slices"]:
        page.get_by_label("Which customers").select_option(population)
        row = page.get_by_role("row").filter(has_text="This model")
        expect(row).to_contain_text(f"{card['slices'][population]['auc']:.3f}")
        points = page.get_by_role("img", name="what was foretold").locator("circle")
        expect(points).to_have_count(len(card["calibration"][population]))
    assert not faults(page)
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("heading", name="Churn: version")).to_be_visible()
    assert not faults(page)


@pytest.mark.parametrize("page", [{"viewport": {"width": 390, "height": 844}}], indirect=True)
def test_a_model_fits_a_phone(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/models/churn")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_was_not_trained_says_how(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/models/tier_upgrade")
    expect(page.get_by_text("segml train tier_upgrade")).to_be_visible()
