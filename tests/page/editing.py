"""Hands in the builder, as fast as a person's."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

KEY = 40  # milliseconds a key
DECISION = 600  # milliseconds before anything is done


class Editing:
    """A marketer before the builder."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def decide(self) -> None:
        self.page.wait_for_timeout(DECISION)

    def row(self, field: str) -> Locator:
        """Return the row of a condition, an event's own before those of its details."""
        return self.page.locator(f'[data-field="{field}"]').first

    def drag(self, criterion: str, target: Locator | None = None) -> Locator:
        """Drag a criterion out of the palette; return its row."""
        self.decide()
        item = self.page.locator(f'[data-criterion="{criterion}"]')
        item.scroll_into_view_if_needed()
        item.drag_to(target or self.page.get_by_role("button", name="Add condition").last)
        row = self.row(criterion)
        expect(row).to_be_visible()
        return row

    def choose(self, where: Locator, label: str, option: str) -> None:
        self.decide()
        where.get_by_label(label).select_option(label=option)

    def type(self, where: Locator, label: str, text: str) -> None:
        self.decide()
        box = where.get_by_label(label, exact=True)
        box.click()
        box.press("Control+A")
        box.press_sequentially(text, delay=KEY)

    def count(self) -> int:
        """Return the count that is shown, once it is that of the rule as it stands."""
        # The pause before the question is 150 ms; only then does a wait for the answer mean it.
        self.page.wait_for_timeout(250)
        shown = self.page.locator('[data-testid="preview-count"]:not([data-waiting])')
        expect(shown).to_be_visible(timeout=10_000)
        return int(shown.get_attribute("data-count") or "-1")

    def save(self, name: str) -> None:
        self.decide()
        self.page.get_by_role("button", name="Save", exact=True).click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Name").press_sequentially(name, delay=KEY)
        self.decide()
        dialog.get_by_role("button", name="Save").click()
        expect(self.page.get_by_role("heading", name=name, level=1)).to_be_visible()


def rule_of(page: Page) -> Any:
    """Return the rule as the builder's JSON shows it."""
    # The labels of the segmented control are what a person presses; its radios are hidden.
    page.get_by_text("JSON", exact=True).first.click()
    rule = json.loads(page.get_by_role("textbox", name="JSON").input_value())
    page.get_by_text("Rule", exact=True).first.click()
    return rule
