"""Exports and campaigns over HTTP: only whom a channel may reach, and nothing uncounted."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from segml import exporting
from segml.core.identity import Role
from segml.pipeline import run_nights
from served import WIN_BACK, Served
from small_town import LAST

URL = "/api/v1/exports"


def test_an_export_is_the_members_with_consent(served: Served) -> None:
    client = served.asks(Role.MARKETER)
    asked = {"segment": "at-risk", "fields": ["lifetime_spend", "email"], "channel": "email"}
    made = client.post(URL, json=asked).json()
    assert made["rows"] + made["without_consent"] == made["members"]
    answer = client.get(made["files"][0]["url"])
    assert answer.headers["content-disposition"] == 'attachment; filename="at-risk.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [*rows[0]] == ["customer_id", "lifetime_spend", "email"]
    agreed = served.workspace.preview("at-risk").reachable["email"]
    assert len(rows) == made["rows"] == agreed
    log = client.get(URL).json()["exports"]
    assert (log[0]["what"], log[0]["rows"]) == ("at-risk", len(rows))
    audit = served.asks().get("/api/v1/audit").json()["entries"]
    assert [one["action"] for one in audit[:2]] == ["export.fetch", "export.make"]


def test_what_is_too_large_is_refused_with_choices(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "CAP", 50)
    client = served.asks(Role.MARKETER)
    refused = client.post(URL, json={"segment": "at-risk"})
    assert refused.status_code == 422
    assert {one["path"][0] for one in refused.json()["problems"]} == {"rule", "top", "split"}
    count = served.workspace.preview("at-risk").count
    assert count is not None
    parts = client.post(URL, json={"segment": "at-risk", "split": True}).json()["files"]
    assert [one["rows"] for one in parts] == [50] * (count // 50) + [count % 50] * (count % 50 > 0)
    top = {"segment": "at-risk", "top": {"n": 5, "by": "lifetime_spend"}}
    assert client.post(URL, json=top).json()["rows"] == 5


def test_an_export_is_gone_after_an_hour(served: Served) -> None:
    client = served.asks(Role.MARKETER)
    made = client.post(URL, json={"rule": WIN_BACK}).json()
    served.now += timedelta(hours=1)
    assert client.get(made["files"][0]["url"]).status_code == 404
    assert client.get(URL).json()["exports"][0]["files"][0]["url"] is None
    assert client.get(f"{URL}/{made['id']}/..%2f..%2fsegml.toml").status_code == 404


def test_viewers_take_nothing_out(served: Served) -> None:
    client = served.asks(Role.VIEWER)
    assert client.post(URL, json={"segment": "at-risk"}).status_code == 403
    assert client.get(URL).status_code == 403


def test_a_campaign_adds_up_and_its_recipients_stay(served: Served) -> None:
    client = served.asks(Role.MARKETER)
    asked = {"segment": "at-risk", "channel": "email", "holdout": 0.2}
    plan = client.post("/api/v1/campaigns/plan", json=asked).json()
    parts = ("without_consent", "suppressed", "holdout", "recipients")
    assert sum(plan[part] for part in parts) == plan["members"]
    assert plan == served.workspace.campaigns.plan("at-risk", "email", holdout=0.2).as_json()
    saved = client.post("/api/v1/campaigns", json=asked).json()
    assert client.post("/api/v1/campaigns", json=asked).json()["id"] == saved["id"]
    assert [one["id"] for one in client.get("/api/v1/campaigns").json()["plans"]] == [saved["id"]]
    url = f"/api/v1/campaigns/{saved['id']}/recipients"
    lists = [client.get(client.post(url).json()[0]["url"]).text for _ in range(2)]
    assert lists[0] == lists[1]
    assert len(lists[0].splitlines()) - 1 == plan["recipients"]
    assert client.post("/api/v1/campaigns/999/recipients").status_code == 404
    wrong = client.post("/api/v1/campaigns/plan", json=asked | {"channel": "fax"})
    assert wrong.status_code == 422


def test_nights_and_trainings_are_listed(served: Served) -> None:
    days = [LAST - timedelta(days=7), LAST]
    run_nights(served.workspace, days, clock=lambda: served.now, who="kim")
    runs = served.asks(Role.VIEWER).get("/api/v1/runs").json()["runs"]
    told = [(one["kind"], one["what"], one["as_of"], one["state"]) for one in runs]
    assert told == [("night", "", f"{day}", "done") for day in reversed(days)]


def test_answers_about_segments_that_come_and_go(served: Served) -> None:
    """What is saved or deleted while a question is answered is left out, and fails nobody."""
    stop = Event()

    def come_and_go() -> None:
        segments = served.workspace.segments
        while not stop.is_set():
            segments.save("a-guest", {**WIN_BACK, "not": True}, owner="kim")
            segments.delete("a-guest", owner="kim")

    client = served.asks(Role.VIEWER)
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(come_and_go)
        try:
            paths = ("analytics/revenue", "analytics/overlap", "segments")
            asked = [client.get(f"/api/v1/{path}").status_code for path in paths * 25]
        finally:
            stop.set()
        changing.result()
    assert {*asked} == {200}
