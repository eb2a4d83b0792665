"""The service over a small restaurant, and a browser before its page."""

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from editing import Editing
from playwright.sync_api import Browser, Page, sync_playwright

from segml.demo import restaurant

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 60  # seconds for the service to start
PICTURES = Path(__file__).parents[2] / "build" / "pictures"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Run the service; return a client of its API whose `base_url` is the service's."""
    if not (Path(str(files("segml"))) / "service" / "static" / "index.html").is_file():
        pytest.fail("the page is not built: python ui/build.py")
    folder = tmp_path_factory.mktemp("page")
    restaurant(folder / "workspace", customers=1500)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    with log.open("w") as out:
        command = [sys.executable, "-m", "segml", "serve", "-w", str(folder / "workspace")]
        running = subprocess.Popen([*command, "--port", str(port)], stdout=out, stderr=out)
    try:
        yield _client(f"http://127.0.0.1:{port}", log)
    finally:
        running.terminate()
        running.wait(20)


def _client(address: str, log: Path) -> httpx.Client:
    until = time.monotonic() + PATIENCE
    while not _ready(address):
        if time.monotonic() > until:
            pytest.fail(f"the service did not start:\n{log.read_text()}")
        time.sleep(0.25)
    found = re.search(r"\?token=(\S+)", log.read_text())
    assert found, log.read_text()
    headers = {"Authorization": f"Bearer {found[1]}"}
    return httpx.Client(base_url=address, headers=headers, timeout=30)


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=1).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("NO BROWSER, SO THE PAGE IS NOT TESTED: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, service: httpx.Client, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Return a page that is signed in; anything that it says to its console fails the test.

    Parametrise it indirectly with arguments of a browser's context, such as its size.
    """
    given = getattr(request, "param", {})
    size = {"width": 1440, "height": 900}
    context = browser.new_context(**{"viewport": size, "locale": "en-GB", **given})
    opened = context.new_page()
    said: list[str] = []
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    token = service.headers["Authorization"].removeprefix("Bearer ")
    opened.goto(f"{service.base_url}/admin/customers/segments/?token={token}")
    yield opened
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
    opened.screenshot(path=PICTURES / f"{name}.png")
    context.close()
    # The browser itself writes a line for every refusal and every lost connection.
    assert not [text for text in said if not text.startswith("Failed to load resource")]


@pytest.fixture
def editing(page: Page, service: httpx.Client) -> Editing:
    """Return hands in the builder of a new segment."""
    page.goto(f"{service.base_url}/admin/customers/segments/new")
    page.get_by_role("heading", name="New segment").wait_for()
    return Editing(page)
