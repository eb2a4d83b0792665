"""The service as it runs: a process, a port, `segml serve`; scores, previews and lookalikes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from segml import Workspace
from segml.cli_options import moment
from segml.core.identity import Role
from segml.scoring.silence import BUYING
from segml.storage.records.runs import RunState
from served import WIN_BACK
from trained_town import LATE

pytestmark = pytest.mark.slow


@dataclass
class Running:
    workspace: Workspace
    process: subprocess.Popen[bytes]
    http: httpx.Client

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(path, json=body)


@pytest.fixture(scope="module")
def running(town: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return `segml serve` over a copy of the town, with champions and a night."""
    folder = tmp_path_factory.mktemp("running") / "town"
    shutil.copytree(town.folder, folder)
    workspace = Workspace(folder)
    workspace.nightly(LATE)
    _, secret = workspace.records.tokens.create("test", Role.MARKETER, moment())
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "service.log"
    command = [sys.executable, "-m", "segml", "serve", "-w", str(folder), "--port", str(port)]
    with log.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told, env=dict(os.environ))
    headers = {"Authorization": f"Bearer {secret}"}
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)
    try:
        _wait(http, process, log)
        yield Running(workspace, process, http)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        http.close()


def _wait(http: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            if http.get("/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(log.read_text("utf-8"))


def _inputs(workspace: Workspace, day: date) -> tuple[str, ...]:
    return workspace.models.board(("churn",), as_of=day).speakers["churn"].champion.inputs


def test_scores_of_customers(running: Running) -> None:
    day = running.workspace.latest.day()
    whole = running.workspace.models.scores("churn", as_of=day)
    ids = whole["customer_id"].head(40).to_list()
    told = running.post("/score", {"customers": [ids[0], "nobody", *ids[1:]], "models": ["churn"]})
    results = told.json()["results"]
    assert results[1]["problems"][0]["path"] == ["customers", 1]
    found = {
        one["customer_id"]: one["scores"]["churn"]["score"] for one in results if one["scores"]
    }
    kept = whole.filter(whole["customer_id"].is_in(ids))
    assert found == dict(kept.select("customer_id", "score").iter_rows())
    speaker = told.json()["models"]["churn"]
    reign = running.workspace.models.reign("churn", day)
    assert reign is not None
    assert (speaker["version"], speaker["digest"]) == (reign.version, reign.digest)


def test_scores_of_rows_are_those_of_customers(running: Running) -> None:
    day = running.workspace.latest.day()
    inputs = _inputs(running.workspace, day)
    scored = running.workspace.models.scores("churn", as_of=day).drop_nulls("score").head(20)
    rows = running.workspace.features(inputs).filter(
        pl.col("customer_id").is_in(scored["customer_id"].to_list())
    )
    asked = [{k: _plain(v) for k, v in row.items()} for row in rows.iter_rows(named=True)]
    broken = asked[0] | {inputs[0]: "x"}
    body = {"rows": [*asked, broken, {}], "models": ["churn"], "reasons": True}
    results = running.post("/score", body).json()["results"]
    found = [one["scores"]["churn"]["score"] for one in results[:-2]]
    assert found == scored.sort("customer_id")["score"].to_list()
    assert all(one["scores"]["churn"]["reasons"] for one in results[:-2])
    assert results[-2]["problems"][0]["path"] == ["rows", len(asked), inputs[0]]
    assert len(results[-1]["problems"]) == len(inputs)


@pytest.mark.parametrize("value", [10**400, 2**53, 1e308, float("nan"), float("-inf")])
def test_a_row_with_no_number_fails_alone(running: Running, value: float) -> None:
    day = running.workspace.latest.day()
    inputs = _inputs(running.workspace, day)
    scored = running.workspace.models.scores("churn", as_of=day).drop_nulls("score").head(1)
    row = running.workspace.features(inputs).join(scored, "customer_id", "semi").row(0, named=True)
    good = {name: _plain(value) for name, value in row.items()}
    never, backwards = good | {BUYING[0]: None}, good | {BUYING[2]: 10_000}
    rows = [good, good | {inputs[0]: value}, good | {"customer_id": 2**63}, never, backwards]
    body = json.dumps({"rows": rows, "models": ["churn"], "reasons": True})
    headers = {"Content-Type": "application/json"}
    answer = running.http.post("/score", content=body, headers=headers)
    first, second, third, *unsold = answer.json()["results"]
    assert first["scores"]["churn"]["score"] is not None
    assert second["problems"][0]["path"] == ["rows", 1, inputs[0]]
    assert (third["customer_id"], third["problems"][0]["path"][2]) == (None, "customer_id")
    assert [one["problems"][0]["path"] for one in unsold] == [["rows", 3], ["rows", 4]]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_a_preview_has_one_answer(running: Running) -> None:
    told = running.post("/preview", {"rule": WIN_BACK}).json()
    assert told == running.post("/api/v1/preview", {"rule": WIN_BACK}).json()
    assert told == running.workspace.preview(WIN_BACK).as_json()


def test_a_lookalike_is_found_and_saved(running: Running) -> None:
    told = running.post("/lookalike", {"segment": "loyalty-members", "size": 5}).json()
    assert told["count"] == len(
        running.workspace.lookalikes.find("loyalty-members").most_similar(5)
    )
    assert len(told["curve"]) == 10
    few = running.post("/lookalike", {"customers": [1, 2]})
    assert (few.status_code, few.json()["type"]) == (422, "too-few-customers")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"customers": 3}', b'{"x": 1}', b"{}"])
def test_errors_have_one_shape(running: Running, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = running.http.post("/score", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["problems"]
    assert running.http.get("/score").status_code == 405
    pickled = {"Content-Type": "application/vnd.bentoml+pickle"}
    refused = running.http.post("/score", content=b"x", headers=pickled)
    assert refused.status_code in (415, 422)


def test_health_and_meters(running: Running) -> None:
    for path in ("/healthz", "/livez", "/readyz"):
        assert httpx.get(f"{running.http.base_url}{path}").status_code == 200
    text = running.http.get("/metrics").text
    for meter in ("segml_as_of_age_days", "segml_cache", "segml_model_version", "segml_requests"):
        assert meter in text
    assert httpx.get(f"{running.http.base_url}/metrics").status_code == 401


def test_answers_are_of_one_night_and_one_version_while_both_change(running: Running) -> None:
    """A night is published and a champion rolled back while four clients ask."""
    here, before = running.workspace, running.workspace.latest.day()
    after = before + timedelta(days=1)
    ids = here.models.scores("churn", as_of=before)["customer_id"].head(20).to_list()
    counts = {day: here.preview(WIN_BACK, as_of=day).count for day in (before, after)}
    stop = threading.Event()

    def ask(_: int) -> list[Any]:
        headers = dict(running.http.headers)
        found = []
        with httpx.Client(base_url=running.http.base_url, headers=headers, timeout=60) as http:
            while not stop.is_set():
                preview = http.post("/preview", json={"rule": WIN_BACK})
                scores = http.post("/score", json={"customers": ids, "models": ["churn"]})
                found.append((preview, scores))
        return found

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, number) for number in range(4)]
        try:
            started = running.post("/api/v1/runs", {"as_of": after.isoformat()})
            assert started.status_code == 202
            runs = here.records.runs
            _until(lambda: any(run.state is RunState.DONE for run in runs.all(limit=1)))
            here.models.rollback("churn", after)
            time.sleep(1)
        finally:
            stop.set()
        answers = [pair for one in asking for pair in one.result()]
    assert {answer.status_code for pair in answers for answer in pair} == {200}
    days = {answer.json()["as_of"] for pair in answers for answer in pair}
    assert days == {f"{before}", f"{after}"}
    for preview, _ in answers:
        told = preview.json()
        assert told["count"] == counts[date.fromisoformat(told["as_of"])]
    for told in {scores.text: scores.json() for _, scores in answers}.values():
        day, speaker = date.fromisoformat(told["as_of"]), told["models"]["churn"]
        model = here.models.tracking.model("churn", speaker["version"])
        assert model.digest == speaker["digest"]
        rows = here.features(list(model.inputs), as_of=day)
        for one in told["results"]:
            score = one["scores"]["churn"]["score"]
            row = rows.filter(pl.col("customer_id") == one["customer_id"])
            assert score is None or score == model.scores(row)[0]


def _until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come true within a minute")


def test_a_killed_worker_comes_back(running: Running) -> None:
    listed = subprocess.run(
        ["pgrep", "-P", str(running.process.pid)], capture_output=True, text=True, check=True
    )
    for worker in listed.stdout.split():
        os.kill(int(worker), signal.SIGKILL)
    for _ in range(300):
        time.sleep(0.2)
        try:
            if running.post("/preview", {"rule": WIN_BACK}).status_code == 200:
                return
        except httpx.HTTPError:
            continue
    raise AssertionError("the worker did not come back")
