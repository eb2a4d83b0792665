"""The service as it runs, over a workspace of a test's own."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

PATIENCE = 60  # seconds for the service to start


@contextmanager
def served(workspace: Path, *, sign: str = "/readyz") -> Iterator[httpx.Client]:
    """Run the service over a workspace; give a client of it once its `sign` is good."""
    if not (Path(str(files("segml"))) / "service" / "static" / "index.html").is_file():
        pytest.fail("the page is not built: python ui/build.py")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = workspace.parent / "log"
    with log.open("w") as out:
        command = [sys.executable, "-m", "segml", "serve", "-w", str(workspace)]
        running = subprocess.Popen([*command, "--port", str(port)], stdout=out, stderr=out)
    try:
        yield _client(f"http://127.0.0.1:{port}", sign, log)
    finally:
        running.terminate()
        running.wait(20)


def _client(address: str, sign: str, log: Path) -> httpx.Client:
    until = time.monotonic() + PATIENCE
    while not _succeeds(f"{address}{sign}"):
        if time.monotonic() > until:
            pytest.fail(f"the service did not start:\n{log.read_text()}")
        time.sleep(0.25)
    found = re.search(r"\?token=(\S+)", log.read_text())
    assert found, log.read_text()
    headers = {"Authorization": f"Bearer {found[1]}"}
    return httpx.Client(base_url=address, headers=headers, timeout=30)


def _succeeds(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False
