"""What the page says of segments is what the service says."""

import httpx
import pytest
from playwright.sync_api import Page, expect
from viewing import faults, opened, width_of_drawing

THREE = ("vip-customers", "at-risk", "lunch-crowd")


def test_overlaps_are_those_of_the_service(page: Page, service: httpx.Client) -> None:
    asked = ",".join(THREE)
    opened(page, service, f"/analytics?segments={asked}")
    told = service.get("/api/v1/analytics/overlap", params={"segments": asked}).json()
    cells = page.locator("td[data-shared]")
    expect(cells).to_have_count(6)
    shown = [int(cell.get_attribute("data-shared") or -1) for cell in cells.all()]
    rows = enumerate(told["shared"])
    assert shown == [n for y, row in rows for x, n in enumerate(row) if x != y]
    for one in told["combinations"]:
        row = page.locator(f'[data-combination="{",".join(one["segments"])}"]')
        expect(row).to_contain_text(f"{one['count']:,}")


def test_what_is_compared_is_in_the_address(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/analytics?segments=vip-customers")
    expect(page.get_by_role("heading", name="Choose at least two segments")).to_be_visible()
    page.get_by_label("Segments", exact=True).first.click()
    page.get_by_role("option", name="Lapsed").click()
    expect(page.locator("td[data-shared]")).to_have_count(2)
    assert page.url.endswith("segments=vip-customers%2Clapsed")


def test_a_segment_stands_as_it_stood(page: Page, service: httpx.Client) -> None:
    nights = service.get("/api/v1/segments/at-risk/trend").json()["nights"]
    first, last = nights[0], nights[-1]
    assert first["count"] != last["count"]
    members = page.locator("dl dd").first
    opened(page, service, "/at-risk/insights")
    expect(members).to_have_text(f"{last['count']:,}")
    page.get_by_label("As it stood on").fill(first["as_of"])
    expect(members).to_have_text(f"{first['count']:,}")
    assert page.url.endswith(f"as_of={first['as_of']}")
    page.go_back()
    expect(members).to_have_text(f"{last['count']:,}")


def test_the_trend_can_be_read_as_a_table(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/at-risk/insights")
    page.get_by_role("button", name="Show as a table").click()
    nights = service.get("/api/v1/segments/at-risk/trend").json()["nights"]
    table = page.get_by_role("region", name="Size over time: table")
    expect(table.get_by_role("row")).to_have_count(len(nights) + 1)
    expect(table.get_by_role("row").nth(1)).to_contain_text(f"{nights[-1]['count']:,}")


def test_members_are_paged_sorted_and_explained(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/vip-customers/insights?section=members")
    count = service.get("/api/v1/segments/vip-customers").json()["count"]
    expect(page.get_by_test_id("members-range")).to_have_text(f"1\N{EN DASH}25 of {count}")
    page.get_by_role("button", name="Lifetime spend", exact=True).click()
    column = page.get_by_role("columnheader", name="Lifetime spend")
    expect(column).to_have_attribute("aria-sort", "descending")
    asked = {"sort": "-lifetime_spend", "fields": "lifetime_spend", "limit": 25}
    told = service.get("/api/v1/segments/vip-customers/members", params=asked).json()["members"]
    spent = [f"€{one['lifetime_spend']:,.2f}" for one in told]
    expect(page.locator("tbody td:nth-child(2)")).to_have_text(spent)
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_test_id("members-range")).to_have_text(f"26\N{EN DASH}50 of {count}")
    page.get_by_role("button", name="Why is").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("is in this segment")
    assert not faults(page)


def test_whoever_moved_is_named_with_a_reason(page: Page, service: httpx.Client) -> None:
    nights = service.get("/api/v1/segments/at-risk/trend").json()["nights"]
    start, end = nights[0]["as_of"], nights[-1]["as_of"]
    asked = {"start": start, "end": end, "limit": 20}
    told = service.get("/api/v1/segments/at-risk/moves", params=asked).json()
    opened(page, service, "/at-risk/insights?section=movement")
    page.get_by_label("From").fill(start)
    entered = page.get_by_role("heading", name=f"{told['entered']['count']} customers entered")
    expect(entered).to_be_visible()
    expect(page.get_by_role("listitem").first).to_contain_text("Changed for them")
    page.get_by_label("From").fill(end)
    expect(page.get_by_text("Choose a first day that is before the second.")).to_be_visible()


def test_revenue_is_that_of_the_service(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/analytics/revenue")
    for row in service.get("/api/v1/analytics/revenue").json()["rows"]:
        shown = page.locator(f'tr[data-segment="{row["segment"]}"]')
        expect(shown.get_by_role("cell").first).to_have_text(f"{row['members']:,}")


@pytest.mark.parametrize("page", [{"reduced_motion": "reduce"}], indirect=True)
def test_versions_say_what_changed(page: Page, service: httpx.Client) -> None:
    rule = {"combinator": "and", "rules": [{"field": "orders_365d", "operator": ">", "value": 3}]}
    made = service.post("/api/v1/segments", json={"name": "Changing", "rule": rule}).json()
    rule["rules"][0]["value"] = 9
    change = {"version": made["version"], "rule": rule}
    service.put(f"/api/v1/segments/{made['id']}", json=change).raise_for_status()
    opened(page, service, f"/{made['id']}/insights?section=versions")
    newest = page.get_by_role("listitem").first
    expect(newest).to_contain_text("more than 3")
    expect(newest).to_contain_text("more than 9")
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_text("Version 1 is back")).to_be_visible()
    assert service.get(f"/api/v1/segments/{made['id']}").json()["rule"]["rules"][0]["value"] == 3


def test_charts_can_be_seen(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/vip-customers/insights")
    for label in ("Members by night", "Entered and left by night", "members and others, by range"):
        assert width_of_drawing(page, label) > 250
