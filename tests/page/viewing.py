"""What every test of a view does: open it, and ask axe for faults."""

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def opened(page: Page, service: httpx.Client, path: str) -> Page:
    page.goto(f"{service.base_url}/admin/customers/segments{path}")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def faults(page: Page) -> list[str]:
    # What lies under the head of the page is too small a target only until it is scrolled to.
    page.evaluate("scrollTo(0, 0)")
    # What fades in has no settled colour before it has come.
    page.wait_for_timeout(400)
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{one['id']}: {node['html'][:300]}" for one in found for node in one["nodes"]]


def width_of_drawing(page: Page, label: str) -> float:
    """Return how wide a chart is drawn, in pixels."""
    drawing = page.get_by_label(label).first
    expect(drawing).to_be_visible()
    # The drawing says how wide it would be; the box around it clips it.
    room = page.locator(".recharts-wrapper", has=drawing).bounding_box()
    return 0 if room is None else room["width"]
