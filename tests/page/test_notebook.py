"""The builder in a notebook's page: shown, edited, kept the same as the kernel's, and faultless.

The page is a host of anywidget's kind, and the kernel this process: what the builder sends reaches
a real `segml.Builder`, and what that answers comes back.
"""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from editing import Editing
from playwright.sync_api import Browser, Page, expect
from viewing import RULES

from conftest import PICTURES
from kernel_front_end import FrontEnd, front_end
from segml import Builder, Workspace
from segml import fields as f

STATIC = Path(str(files("segml"))) / "widget" / "static"
HOST = """<!doctype html><html lang="en"><head><title>A notebook</title><style>
body { margin: 0; background: %s; color: %s; font: 13px/1.5 sans-serif }
main { margin: 24px auto; width: %spx }
h1 { font: italic 700 25px serif; box-sizing: content-box }
button.own { padding: 1px 6px }
</style></head><body><main>
<h1>A notebook</h1><button class="own">Run</button><div id="cell"></div>
</main></body></html>"""
START = """async ([esm, css, rule]) => {
  const style = document.createElement('style');
  style.textContent = css;
  document.head.append(style);
  const listeners = new Map();
  const of = (event) => listeners.get(event) ?? [];
  const fire = (event, told) => of(event).forEach((heard) => heard(told));
  const state = { rule };
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; fire(`change:${name}`) },
    save_changes: () => void window.synced(state.rule),
    on: (event, heard) => listeners.set(event, [...of(event), heard]),
    off: (event, heard) => listeners.set(event, of(event).filter((one) => one !== heard)),
    send: (message) => void window.asked(message).then((told) => fire('msg:custom', told)),
  };
  window.fromKernel = (told) => model.set('rule', told);
  const url = URL.createObjectURL(new Blob([esm], { type: 'text/javascript' }));
  window.leave = (await import(url)).default.render({ model, el: document.getElementById('cell') });
}"""


class Notebook:
    """A builder of this process, shown in a page."""

    def __init__(self, page: Page, builder: Builder) -> None:
        self.page = page
        self.builder = builder
        self.synced: list[Any] = []
        self._far_end: FrontEnd = builder.comm
        page.expose_function("synced", self._sync)
        page.expose_function("asked", self._ask)
        self._show()

    def _show(self) -> None:
        esm, css = (STATIC / f"builder.{kind}" for kind in ("js", "css"))
        self.page.evaluate(START, [esm.read_text(), css.read_text(), self.builder.rule])
        expect(self.page.get_by_test_id("sentence")).to_be_visible(timeout=20_000)

    def _sync(self, rule: Any) -> None:
        self.synced.append(rule)
        self._far_end.edits(rule)

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self._far_end.sends({"method": "custom", "content": message})
        return self._far_end.answer()

    def sets(self, rule: Any) -> None:
        """Set the builder's rule in Python."""
        self.builder.rule = rule
        self.page.evaluate("window.fromKernel", self._far_end.state["rule"])


@pytest.fixture
def notebook(
    browser: Browser, restaurant: Workspace, request: pytest.FixtureRequest
) -> Iterator[Notebook]:
    """Return a builder of customers who spend, in a notebook of a colour and a width."""
    ground, ink, width = getattr(request, "param", ("#fff", "#000", 1300))
    if not (STATIC / "builder.js").is_file():
        pytest.fail("the widget is not built: python ui/build.py")
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.set_content(HOST % (ground, ink, width))
    with front_end():
        yield Notebook(page, Builder(restaurant, f.lifetime_spend > 50))
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
    page.screenshot(path=PICTURES / f"{name}.png")
    context.close()
    assert not said


def test_an_edit_is_told_once_and_counted_on_both_sides(notebook: Notebook) -> None:
    editing, builder = Editing(notebook.page), notebook.builder
    assert editing.count() == builder.count
    assert notebook.synced == []
    editing.drag("email_opt_in")
    shown = editing.count()
    assert shown == builder.count == len(builder.members())
    assert notebook.synced == [builder.rule]
    assert [one["field"] for one in builder.rule["rules"]] == ["lifetime_spend", "email_opt_in"]
    spend = editing.row("lifetime_spend")
    editing.type(spend, "Lifetime spend: value", "75")
    assert editing.count() == builder.count
    assert builder.rule["rules"][0]["value"] == 75


def test_what_is_not_filled_in_is_muted_in_python(notebook: Notebook) -> None:
    editing, before = Editing(notebook.page), notebook.builder.count
    editing.drag("orders_total")
    notebook.page.wait_for_timeout(500)
    assert [one.get("muted", False) for one in notebook.builder.rule["rules"]] == [False, True]
    assert notebook.builder.count == before == editing.count()


def test_a_rule_set_in_python_is_shown_and_not_told_back(notebook: Notebook) -> None:
    notebook.sets("at-risk")
    editing = Editing(notebook.page)
    assert editing.count() == notebook.builder.count
    expect(editing.row("days_since_last_order")).to_be_visible()
    assert notebook.synced == []


def test_problems_are_told_where_they_are(notebook: Notebook) -> None:
    notebook.sets({"combinator": "and", "rules": [{"field": "spent", "operator": "=", "value": 1}]})
    expect(notebook.page.get_by_text("There is no field", exact=False).first).to_be_visible()


def test_undo_is_the_builders_own_only_within_it(notebook: Notebook) -> None:
    editing, page = Editing(notebook.page), notebook.page
    editing.drag("email_opt_in")
    page.get_by_role("button", name="Run").focus()
    page.keyboard.press("Control+z")
    expect(editing.row("email_opt_in")).to_be_visible()
    editing.row("email_opt_in").get_by_role("button").first.focus()
    page.keyboard.press("Control+z")
    expect(editing.row("email_opt_in")).to_have_count(0)


LOOKS = """(which) => {
  const { font, color, background, margin, padding, border, boxSizing, letterSpacing } =
    getComputedStyle(document.querySelector(which));
  return { font, color, background, margin, padding, border, boxSizing, letterSpacing };
}"""
SCHEMES = [("#fff", "#000", 1300), ("#111", "#eee", 1300), ("#fff", "#000", 900)]


@pytest.mark.parametrize("notebook", SCHEMES, ids=["light", "dark", "narrow"], indirect=True)
def test_it_is_coloured_as_the_notebook_is_and_has_no_faults(notebook: Notebook) -> None:
    page = notebook.page
    Editing(notebook.page).count()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    scheme = "dark" if ground == "rgb(17, 17, 17)" else "light"
    assert page.locator(".segml-widget").get_attribute("data-mantine-color-scheme") == scheme
    assert _faults(page) == []


def _faults(page: Page) -> list[str]:
    page.wait_for_timeout(400)  # what fades in has no settled colour before
    found = Axe().run(page, context=".segml-widget", options={"runOnly": RULES}).response
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


def test_the_notebook_keeps_its_looks_and_is_left_empty(notebook: Notebook) -> None:
    page = notebook.page
    for which in ("body", "h1", "button.own"):
        with_builder = page.evaluate(LOOKS, which)
        page.evaluate("document.querySelectorAll('style')[1].disabled = true")
        assert page.evaluate(LOOKS, which) == with_builder
        page.evaluate("document.querySelectorAll('style')[1].disabled = false")
    page.evaluate("window.leave()")
    expect(page.locator(".segml-widget")).to_have_count(0)


@pytest.mark.parametrize("notebook", SCHEMES, ids=["light", "dark", "narrow"], indirect=True)
def test_what_opens_stays_within_the_builder(notebook: Notebook) -> None:
    page = notebook.page
    Editing(page).count()
    page.get_by_role("button", name="Add condition").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert _is_inside(page)
    page.keyboard.press("Escape")
    if page.get_by_role("button", name="Show customers").is_visible():
        page.get_by_role("button", name="Show customers").click()
    page.get_by_role("button", name="Why is").first.click()
    expect(page.get_by_role("dialog").last.get_by_role("listitem").first).to_be_visible()
    page.wait_for_timeout(400)
    assert _is_inside(page)
    assert _faults(page) == []


def _is_inside(page: Page) -> bool:
    """Return whether every dialog is within the builder and, sideways, within its frame."""
    return page.evaluate("""() => {
      const frame = document.querySelector('.segml-widget').getBoundingClientRect();
      return [...document.querySelectorAll('[role=dialog]')].every((dialog) => {
        const { left, right } = dialog.getBoundingClientRect();
        return dialog.closest('.segml-widget') && left >= frame.left && right <= frame.right;
      });
    }""")
