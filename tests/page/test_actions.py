"""Lookalikes, exports, campaigns and the running of the product, done by the page."""

import csv
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from viewing import faults, opened


def test_a_lookalike_is_found_and_saved(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/lunch-crowd/lookalike")
    size = page.get_by_role("slider", name="Size of the list")
    size.wait_for()
    for _ in range(2):
        size.press("ArrowRight")
    asked = {"segment": "lunch-crowd", "size": 5}
    told = service.post("/api/v1/lookalike", json=asked).json()
    expect(page.get_by_test_id("lookalike-count")).to_have_text(f"{told['count']:,}")
    lift = next(one["lift"] for one in told["curve"] if one["size"] == 5)
    expect(page.get_by_text(f"{round(lift, 1):g}\N{MULTIPLICATION SIGN}").first).to_be_visible()
    page.get_by_role("button", name="Save as a segment").click()
    dialog = page.get_by_role("dialog", name="Save as a segment")
    dialog.get_by_label("Name").fill("Like the lunch crowd")
    assert not faults(page)
    dialog.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Like the lunch crowd", level=1).wait_for()
    saved = service.get("/api/v1/segments/like-the-lunch-crowd").json()
    assert saved["count"] == told["count"]


def test_the_file_holds_whom_the_page_said(
    page: Page, service: httpx.Client, tmp_path: Path
) -> None:
    opened(page, service, "/vip-customers/export")
    page.get_by_text("May get e-mail", exact=True).click()
    rows = page.get_by_test_id("export-rows")
    members = service.get("/api/v1/segments/vip-customers").json()
    asked = {"rule": members["rule"]}
    reachable = service.post("/api/v1/preview", json=asked).json()["reachable"]["email"]
    assert 0 < reachable < members["count"]
    expect(rows).to_have_text(f"{reachable} customers in the file")
    page.get_by_role("button", name="Make the file").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="vip-customers.csv").click()
    file = tmp_path / "vip.csv"
    waiting.value.save_as(file)
    with file.open(newline="") as lines:
        read = list(csv.DictReader(lines))
    assert len(read) == reachable
    assert list(read[0]) == ["customer_id", "first_name", "last_name", "email"]
    assert not faults(page)


def test_a_plan_adds_up_and_gives_its_file(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/email-subscribers/campaign")
    page.get_by_role("slider", name="Held out to compare with").press("ArrowRight")
    page.get_by_label("Name").fill("Spring")
    asked = {"segment": "email-subscribers", "channel": "email", "holdout": 0.11}
    told = service.post("/api/v1/campaigns/plan", json={**asked, "campaign": "Spring"}).json()
    parts = ("without_consent", "suppressed", "holdout", "recipients")
    assert sum(told[part] for part in parts) == told["members"]
    for part in ("members", *parts):
        expect(page.locator(f'[data-step="{part}"] dd')).to_contain_text(f"{told[part]:,}")
    page.get_by_role("button", name="Save the plan").click()
    row = page.get_by_role("row").filter(has_text="Spring")
    row.get_by_role("button", name="Prepare the recipients").click()
    expect(row.get_by_role("link")).to_contain_text(f"{told['recipients']:,} recipients")
    assert not faults(page)


def test_a_webhook_tells_its_secret_once(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/operations/webhooks")
    page.locator("main").get_by_label("Segment").first.click()
    page.get_by_role("option", name="VIP customers").click()
    page.get_by_label("Address").fill("https://example.com/told")
    page.get_by_role("button", name="Add a webhook").click()
    expect(page.get_by_test_id("secret")).not_to_be_empty()
    page.get_by_role("button", name="Deliveries to https://example.com/told").click()
    expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    page.get_by_role("button", name="Send a test to https://example.com/told").click()
    expect(page.get_by_role("region", name="Deliveries to").get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("cell", name="A test")).to_be_visible()
    page.get_by_role("button", name="Remove the webhook").click()
    expect(page.get_by_text("Nobody is told of anything yet.")).to_be_visible()
    assert service.get("/api/v1/webhooks").json()["webhooks"] == []


def test_the_schedule_is_kept(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/operations")
    page.get_by_label("Nights are run").select_option(label="Every day")
    page.locator("input[type=time]").fill("04:30")
    page.get_by_role("button", name="Save the schedule").click()
    expect(page.get_by_text("The schedule was saved")).to_be_visible()
    assert service.get("/api/v1/schedule").json()["cron"] == "30 4 * * *"
    page.get_by_label("Nights are run").select_option(label="Only by hand")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.get_by_role("button", name="Save the schedule").click()
    assert service.get("/api/v1/schedule").json()["cron"] is None


def test_a_token_lets_in_until_it_is_revoked(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/operations/access")
    page.get_by_label("For whom").fill("Kitchen screen")
    page.get_by_role("button", name="Create a token").click()
    token = page.get_by_test_id("secret").inner_text()
    known = {"Authorization": f"Bearer {token}"}
    assert service.get("/api/v1/session", headers=known).json()["role"] == "viewer"
    expect(page.get_by_role("region", name="Audit log: table")).to_contain_text("token.create")
    page.get_by_role("button", name="Revoke the token of Kitchen screen").click()
    expect(page.get_by_text("The token was revoked")).to_be_visible()
    tokens = service.get("/api/v1/tokens").json()["tokens"]
    assert not next(one for one in tokens if one["name"] == "Kitchen screen")["holds"]


@pytest.mark.parametrize("part", ["webhooks", "exports", "access"])
def test_a_viewer_is_told_what_is_missing(page: Page, service: httpx.Client, part: str) -> None:
    made = service.post("/api/v1/tokens", json={"name": "Looker", "role": "viewer"}).json()
    page.goto(f"{service.base_url}/admin/customers/segments/?token={made['token']}")
    page.get_by_role("heading", level=1).wait_for()
    opened(page, service, f"/operations/{part}")
    expect(page.get_by_role("heading", name="Your role does not allow this")).to_be_visible()
