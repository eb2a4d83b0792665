"""A marketer builds the three example segments from nothing, by mouse and by keyboard."""

import csv
import time
from pathlib import Path

import httpx
import pytest
from editing import KEY, Editing, rule_of
from playwright.sync_api import Page, expect

TWO_MINUTES = 120


def shipped(service: httpx.Client, segment: str) -> dict:
    return service.get(f"/api/v1/segments/{segment}").raise_for_status().json()


def saved_means_the_same(service: httpx.Client, made: str, example: str, shown: int) -> None:
    """The builder's count, the API's of the saved one, and the example's are one number."""
    wanted = shipped(service, example)
    rule = shipped(service, made)["rule"]
    counted = service.post("/api/v1/preview", json={"rule": rule}).raise_for_status().json()
    assert shown == counted["count"] == wanted["count"]
    assert counted["sentence"] == wanted["sentence"]


def exported(page: Page, service: httpx.Client, made: str, tmp_path: Path) -> int:
    """Make the file of a segment by the page and return how many customers are in it."""
    base = str(service.base_url).rstrip("/")
    page.goto(f"{base}/admin/customers/segments/{made}/export")
    page.get_by_role("button", name="Make the file").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name=f"{made}.csv").click()
    file = tmp_path / "members.csv"
    waiting.value.save_as(file)
    with file.open(newline="") as lines:
        return sum(1 for _ in csv.DictReader(lines))


def test_win_back_by_drag_and_drop(editing: Editing, service: httpx.Client, tmp_path: Path) -> None:
    began = time.monotonic()
    away = editing.drag("days_since_last_order")
    editing.choose(away, "Comparison for Days since the last order", "is between")
    editing.type(away, "Days since the last order: from", "30")
    editing.type(away, "Days since the last order: to", "60")
    editing.type(editing.drag("visits_per_month"), "Visits per month: value", "2")
    spend = editing.drag("lifetime_spend")
    editing.choose(spend, "Comparison for Lifetime spend", "is more than")
    editing.type(spend, "Lifetime spend: value", "200")
    editing.drag("email_opt_in")
    shown = editing.count()
    editing.save("Win back by mouse")
    assert time.monotonic() - began < TWO_MINUTES
    saved_means_the_same(service, "win-back-by-mouse", "win-back-campaign", shown)
    assert exported(editing.page, service, "win-back-by-mouse", tmp_path) == shown


def test_vip_upsell_by_drag_and_drop(
    editing: Editing, service: httpx.Client, tmp_path: Path
) -> None:
    began = time.monotonic()
    spend = editing.drag("lifetime_spend")
    editing.choose(spend, "Comparison for Lifetime spend", "is more than")
    editing.type(spend, "Lifetime spend: value", "1000")
    tier = editing.drag("loyalty_tier")
    for name in ("gold", "platinum"):
        editing.decide()
        tier.get_by_role("button", name=name, exact=True).click()
    items = editing.drag("order_items")
    editing.choose(items, "Ordered items: how often", "never")
    editing.decide()
    items.get_by_role("button", name="Add detail").click()
    editing.page.get_by_role("menuitem", name="Category").click()
    category = items.locator('[data-field="category"]')
    editing.choose(category, "Comparison for Category", "is")
    editing.type(category, "Category: value", "wine")
    editing.page.keyboard.press("Escape")
    editing.decide()
    items.get_by_role("button", name="More for Date").click()
    editing.page.get_by_role("menuitem", name="Remove").click()
    shown = editing.count()
    editing.save("VIP upsell by mouse")
    assert time.monotonic() - began < TWO_MINUTES
    saved_means_the_same(service, "vip-upsell-by-mouse", "vip-upsell", shown)
    assert exported(editing.page, service, "vip-upsell-by-mouse", tmp_path) == shown


def test_new_customer_nurture_by_drag_and_drop(
    editing: Editing, service: httpx.Client, tmp_path: Path
) -> None:
    began = time.monotonic()
    new = editing.drag("days_since_first_order")
    editing.choose(new, "Comparison for Days since the first order", "is at most")
    editing.type(new, "Days since the first order: value", "7")
    first = editing.drag("first_order_value")
    editing.choose(first, "Comparison for First order value", "is more than")
    editing.type(first, "First order value: value", "50")
    editing.drag("email_opt_in")
    shown = editing.count()
    editing.save("Nurture by mouse")
    assert time.monotonic() - began < TWO_MINUTES
    saved_means_the_same(service, "nurture-by-mouse", "new-customer-nurture", shown)
    assert exported(editing.page, service, "nurture-by-mouse", tmp_path) == shown


def test_win_back_by_keyboard_alone(editing: Editing, service: httpx.Client) -> None:
    page = editing.page
    keys = page.keyboard

    def tab_to(label: str) -> None:
        for _ in range(120):
            keys.press("Tab")
            if label == page.evaluate("document.activeElement.getAttribute('aria-label')"):
                return
        pytest.fail(f"no Tab leads to {label}")

    def add(search: str, *values: str, comparison: str = "") -> None:
        page.get_by_role("searchbox", name="Search criteria").focus()
        keys.type(search, delay=KEY)
        keys.press("Enter")  # the focus is now on the value of the new condition
        if comparison:
            keys.press("Shift+Tab")
            keys.type(comparison, delay=KEY)
            keys.press("Tab")
        for at, value in enumerate(values):
            if at:
                keys.press("Tab")
            keys.type(value, delay=KEY)

    add("days since the last order", "30", "60", comparison="is between")
    add("visits per month", "2")
    add("lifetime spend", "200", comparison="is more")
    add("may be e-mailed")
    expect(editing.row("email_opt_in")).to_be_visible()
    shown = editing.count()
    tab_to("Undo")
    for _ in range(10):
        keys.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Save":
            break
    keys.press("Enter")
    page.get_by_role("dialog").wait_for()
    keys.type("Win back by keys", delay=KEY)
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Win back by keys", level=1)).to_be_visible()
    saved_means_the_same(service, "win-back-by-keys", "win-back-campaign", shown)


def fields(page: Page) -> list:
    def names(group: dict) -> list:
        return [names(one) if "rules" in one else one["field"] for one in group["rules"]]

    return names(rule_of(page))


def test_dragging_between_groups(editing: Editing) -> None:
    page = editing.page
    for name in ("age", "vip", "city"):
        editing.drag(name)
    page.get_by_role("button", name="Add group").click()
    inner = page.get_by_role("listitem", name="Group, level 2")
    editing.drag("postcode", inner.get_by_text("Drop a criterion here"))
    assert fields(page) == ["age", "vip", "city", ["postcode"]]
    handle = page.get_by_role("button", name="Move Age")
    handle.drag_to(editing.row("postcode"), target_position={"x": 200, "y": 40})
    assert fields(page) == ["vip", "city", ["postcode", "age"]]
    page.get_by_role("button", name="Move City").drag_to(
        editing.row("vip"), target_position={"x": 200, "y": 3}
    )
    assert fields(page) == ["city", "vip", ["postcode", "age"]]
    page.get_by_role("button", name="Move Group, level 2").drag_to(
        editing.row("city"), target_position={"x": 200, "y": 3}
    )
    assert fields(page) == [["postcode", "age"], "city", "vip"]


def test_moving_by_keyboard_keeps_the_focus(editing: Editing) -> None:
    page = editing.page
    for name in ("age", "vip", "city"):
        editing.drag(name)
    page.get_by_role("button", name="Add group").click()
    handle = page.get_by_role("button", name="Move City")
    handle.focus()
    for key, expected in (
        ("ArrowRight", ["age", "vip", ["city"]]),
        ("ArrowLeft", ["age", "vip", [], "city"]),
        ("ArrowUp", ["age", "vip", "city", []]),
        ("ArrowUp", ["age", "city", "vip", []]),
        ("ArrowDown", ["age", "vip", "city", []]),
    ):
        handle.focus()
        page.keyboard.press(f"Alt+{key}")
        expect(handle).to_be_focused()
        expect(page.get_by_role("status").filter(has_text="City moved")).to_have_count(1)
        assert fields(page) == expected


def test_undo_and_redo_by_keyboard(editing: Editing) -> None:
    page = editing.page
    editing.type(editing.drag("age"), "Age: value", "21")
    editing.drag("vip")
    page.get_by_role("button", name="Move VIP mark").focus()
    page.keyboard.press("Control+z")
    assert fields(page) == ["age"]
    page.keyboard.press("Control+z")
    assert rule_of(page)["rules"][0]["value"] == ""
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    assert fields(page) == ["age", "vip"]
    assert rule_of(page)["rules"][0]["value"] == 21


def test_mute_lock_duplicate_and_negate(editing: Editing) -> None:
    page = editing.page
    editing.drag("vip")
    every = editing.count()

    def act(what: str) -> None:
        page.get_by_role("button", name="More for VIP mark").first.click()
        page.get_by_role("menuitem", name=what).click()

    page.get_by_role("button", name="Not", exact=True).click()
    others = editing.count()
    page.get_by_role("button", name="Not", exact=True).click()
    act("Duplicate")
    assert fields(page) == ["vip", "vip"]
    act("Ignore for now")
    assert [one.get("muted") for one in rule_of(page)["rules"]] == [True, None]
    act("Use again")
    act("Lock")
    expect(editing.row("vip").get_by_label("VIP mark: value")).to_be_disabled()
    assert editing.count() == every
    universe = int(page.get_by_text("customers, as of").inner_text().split()[1].replace(",", ""))
    assert every + others == universe


def test_problems_stand_on_the_row_that_they_name(editing: Editing) -> None:
    page = editing.page
    editing.drag("vip")
    rule = '{"combinator":"and","rules":[{"field":"vip","operator":"=","value":true},'
    rule += '{"combinator":"or","rules":[{"field":"agee","operator":"=","value":1}]}]}'
    page.get_by_text("JSON", exact=True).first.click()
    page.get_by_role("textbox", name="JSON").fill(rule)
    page.get_by_role("button", name="Use this JSON").click()
    page.get_by_text("Rule", exact=True).first.click()
    expect(editing.row("agee").get_by_role("alert")).to_contain_text("age")
    expect(editing.row("vip").get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
