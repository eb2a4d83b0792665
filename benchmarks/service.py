"""The service over HTTP: time to be ready, memory, and how long previews and scores take.

::

    python -m benchmarks.service WORKSPACE [--clients 4] [--seconds 20]

A service is started over the workspace on a free port, asked by some clients at once, and ended.
Targets on two cores over 100,000 customers: ready within 15 s, previews' 95th percentile at most
50 ms, that of the scores of 100 customers 30 ms, memory of all processes at rest 600 MB.
"""

import argparse
import asyncio
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from segml import Workspace
from segml.cli_options import moment
from segml.core.identity import Role

Asked = tuple[str, dict[str, Any]]


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    workspace = Workspace(arguments.workspace)
    _, secret = workspace.records.tokens.create("benchmark", Role.VIEWER, moment())
    customers = workspace.members("loyalty-members")["customer_id"].to_list()
    port = _free_port()
    started = time.perf_counter()
    process = _serve(arguments.workspace, port)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        print(f"ready after        {time.perf_counter() - started:8.1f} s")
        time.sleep(8)
        print(f"memory at rest     {resident_mb(process.pid):8.0f} MB in all processes")
        for name, questions in (
            ("previews, warm", lambda _: ("/api/v1/preview", {"rule": _rule(60, 200)})),
            ("previews, edited", _edited),
            ("scores of 100", lambda n: _scores(n, customers)),
        ):
            asyncio.run(_load(name, url, secret, questions, arguments))
        print(f"memory afterwards  {resident_mb(process.pid):8.0f} MB in all processes")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20)
    return parser.parse_args()


def _serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "segml", "serve", "-w", str(folder), "--port", str(port)]
    return subprocess.Popen(  # noqa: S603 (our own words)
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ}
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def resident_mb(root: int) -> float:
    """Return the memory that a process and its descendants hold, in megabytes."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid=,rss="],  # noqa: S607 (wherever the system has it)
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    family = {root}
    while True:
        more = {pid for pid, parent, _ in rows if parent in family} - family
        if not more:
            return sum(held for pid, _, held in rows if pid in family) * 1024 / 1e6
        family |= more


def _wait(url: str) -> None:
    for _ in range(1_000):
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise SystemExit("the service did not become ready")


def _rule(days: int, spend: int) -> dict[str, Any]:
    return {
        "combinator": "and",
        "rules": [
            {"field": "days_since_last_order", "operator": "between", "value": [30, days]},
            {"field": "lifetime_spend", "operator": ">", "value": spend},
            {"field": "email_opt_in", "operator": "=", "value": True},
        ],
    }


def _edited(number: int) -> Asked:
    return "/api/v1/preview", {"rule": _rule(40 + number % 200, number % 977)}


def _scores(number: int, customers: list[Any]) -> Asked:
    return "/score", {"customers": random.Random(number).sample(customers, 100)}  # noqa: S311


async def _load(
    name: str, url: str, secret: str, questions: Any, arguments: argparse.Namespace
) -> None:
    took: list[float] = []
    wrong: list[int] = []
    until = time.perf_counter() + arguments.seconds

    async def client(number: int) -> None:
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as http:
            while time.perf_counter() < until:
                path, body = questions(number)
                number += arguments.clients
                begun = time.perf_counter()
                answer = await http.post(path, json=body)
                took.append(time.perf_counter() - begun)
                if answer.status_code != 200:
                    wrong.append(answer.status_code)

    await asyncio.gather(*(client(one) for one in range(arguments.clients)))
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{name:<18} p50 {1e3 * cuts[49]:6.1f}  p95 {1e3 * cuts[94]:6.1f}  "
        f"p99 {1e3 * cuts[98]:6.1f} ms, {len(took) / arguments.seconds:6.0f} a second, "
        f"{len(wrong)} wrong"
    )


if __name__ == "__main__":
    main()
