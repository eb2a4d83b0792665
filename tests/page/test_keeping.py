"""Nobody loses an edit: not by signing in again, by a reload, or by somebody else's."""

import httpx
import pytest
from playwright.sync_api import Page, expect
from viewing import faults, opened


def saved(service: httpx.Client, name: str, age: int) -> dict:
    rule = {"combinator": "and", "rules": [{"field": "age", "operator": ">=", "value": age}]}
    made = service.post("/api/v1/segments", json={"name": name, "rule": rule})
    return made.raise_for_status().json()


def changed_by_another(service: httpx.Client, segment: dict, age: int) -> None:
    rule = {"combinator": "and", "rules": [{"field": "age", "operator": ">=", "value": age}]}
    told = {"rule": rule, "version": segment["version"]}
    service.put(f"/api/v1/segments/{segment['id']}", json=told).raise_for_status()


def test_an_edit_outlives_a_token(page: Page, service: httpx.Client) -> None:
    segment = saved(service, "Outlives", 40)
    opened(page, service, f"/{segment['id']}/edit")
    page.get_by_label("Age: value").fill("33")
    page.context.clear_cookies()
    page.get_by_label("Age: value").fill("35")
    banner = page.get_by_role("status").filter(has_text="You are signed out")
    expect(banner).to_contain_text("Your work is kept")
    banner.get_by_role("button", name="Sign in").click()
    page.get_by_label("Token").fill(service.headers["Authorization"].removeprefix("Bearer "))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Age: value")).to_have_value("35")
    expect(page.get_by_text("Unsaved changes", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Age: value")).to_have_value("40")


def test_a_new_rule_outlives_a_reload_and_not_a_leave(page: Page, service: httpx.Client) -> None:
    opened(page, service, "/new")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_role("searchbox", name="Search criteria").last.fill("Age")
    page.keyboard.press("Enter")
    page.get_by_label("Age: value").fill("50")
    expect(page.get_by_text("Unsaved changes", exact=True)).to_be_visible()
    page.on("dialog", lambda asked: asked.accept())
    page.reload()
    expect(page.get_by_label("Age: value")).to_have_value("50")
    page.get_by_role("link", name="All segments").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    page.get_by_role("heading", name="Segments", level=1).wait_for()
    page.get_by_role("link", name="New segment").first.click()
    page.get_by_role("heading", name="New segment", level=1).wait_for()
    expect(page.get_by_label("Age: value")).to_have_count(0)


def conflict(page: Page, service: httpx.Client, name: str) -> dict:
    """Edit a segment that somebody else saves meanwhile, and try to save it."""
    segment = saved(service, name, 40)
    opened(page, service, f"/{segment['id']}/edit")
    page.get_by_label("Age: value").fill("30")
    changed_by_another(service, segment, 60)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Somebody else saved this segment meanwhile")
    expect(dialog).to_contain_text("60")
    return segment


def age_of(service: httpx.Client, segment: str) -> int:
    return service.get(f"/api/v1/segments/{segment}").json()["rule"]["rules"][0]["value"]


def test_a_conflict_is_settled_for_mine(page: Page, service: httpx.Client) -> None:
    segment = conflict(page, service, "Mine")
    assert not faults(page)
    page.get_by_role("button", name="Save mine over theirs").click()
    page.get_by_text("“Mine” was saved").wait_for()
    expect(page.get_by_text("Unsaved changes", exact=True)).to_have_count(0)
    assert age_of(service, segment["id"]) == 30


def test_a_conflict_is_settled_for_theirs(page: Page, service: httpx.Client) -> None:
    segment = conflict(page, service, "Theirs")
    page.get_by_role("button", name="Drop mine, take theirs").click()
    expect(page.get_by_label("Age: value")).to_have_value("60")
    expect(page.get_by_text("Unsaved changes", exact=True)).to_have_count(0)
    assert age_of(service, segment["id"]) == 60


def test_a_conflict_is_settled_by_a_copy(page: Page, service: httpx.Client) -> None:
    segment = conflict(page, service, "Either")
    page.get_by_role("button", name="Save mine as a copy").click()
    dialog = page.get_by_role("dialog", name="Save as a new segment")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Either (copy)", level=1).wait_for()
    assert age_of(service, segment["id"]) == 60
    assert age_of(service, "either-copy") == 30


@pytest.mark.parametrize("page", [{"color_scheme": "dark"}], indirect=True, ids=["dark"])
def test_pins_are_set_and_taken_back(page: Page, service: httpx.Client) -> None:
    segment = saved(service, "Pinned", 40)
    opened(page, service, f"/{segment['id']}/insights?section=members")
    first = page.get_by_role("row").nth(1)
    name = first.get_by_role("rowheader").locator("span").first.inner_text()
    first.get_by_role("button", name=f"More for {name}").click()
    assert not faults(page)
    page.get_by_role("menuitem", name="Always leave out").click()
    out = page.get_by_role("list", name="Never in")
    expect(out).to_contain_text(name)
    pins = service.get(f"/api/v1/segments/{segment['id']}/pins").json()
    assert len(pins["excluded"]) == 1
    count = service.get(f"/api/v1/segments/{segment['id']}").json()["count"]
    assert count == segment["count"] - 1
    page.get_by_label("Find a person").fill(str(pins["excluded"][0]))
    page.get_by_role("option").first.click()
    expect(page.get_by_role("list", name="Always in")).to_contain_text(name)
    page.get_by_role("button", name="Close").click()  # the toast, which lies over a row
    assert not faults(page)
    page.get_by_role("button", name="Let the rule decide about").click()
    expect(page.get_by_text("the rule alone decides")).to_be_visible()
    assert service.get(f"/api/v1/segments/{segment['id']}").json()["rule"] == segment["rule"]
