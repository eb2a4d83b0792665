"""Segments over HTTP: saved by one, changed by another, deleted, brought back, and looked at."""

from datetime import timedelta
from typing import Any

import pytest

from segml.core.identity import Role
from served import WIN_BACK, Served
from small_town import LAST

URL = "/api/v1/segments"


def _saved(served: Served, name: str = "Win back", rule: Any = WIN_BACK) -> dict[str, Any]:
    answer = served.asks(Role.MARKETER).post(URL, json={"name": name, "rule": rule, "tags": ["a"]})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_the_life_of_a_segment(served: Served) -> None:
    client = served.asks(Role.MARKETER)
    made = _saved(served)
    assert (made["id"], made["version"], made["editable"]) == ("win-back", 1, True)
    assert made["count"] == served.workspace.preview(WIN_BACK).count
    assert _saved(served)["id"] == "win-back-2"
    changed = client.put(f"{URL}/win-back", json={"version": 1, "description": "Gone quiet."})
    assert (changed.json()["version"], changed.json()["tags"]) == (2, ["a"])
    emptied = client.put(f"{URL}/win-back", json={"version": 2, "description": ""}).json()
    assert (emptied["version"], emptied["description"]) == (3, "")
    late = client.put(f"{URL}/win-back", json={"version": 1, "name": "Mine"})
    assert (late.status_code, late.json()["type"]) == (409, "changed-meanwhile")
    assert client.delete(f"{URL}/win-back").status_code == 204
    assert client.get(f"{URL}/win-back").status_code == 404
    versions = client.get(f"{URL}/win-back/versions").json()["versions"]
    assert [one["version"] for one in versions] == [1, 2, 3]
    back = client.post(f"{URL}/win-back/restore", json={"version": 1}).json()
    assert (back["description"], back["rule"]) == ("", WIN_BACK)


def test_what_comes_with_segml_stays(served: Served) -> None:
    client = served.asks(Role.MARKETER)
    assert client.put(f"{URL}/at-risk", json={"version": 1, "name": "x"}).status_code == 409
    assert client.delete(f"{URL}/at-risk").status_code == 409
    copy = client.post(f"{URL}/at-risk/duplicate", json={}).json()
    assert (copy["id"], copy["editable"]) == ("copy-of-at-risk", True)


def test_a_segment_in_use_stays(served: Served) -> None:
    client = served.asks(Role.MARKETER)
    _saved(served)
    rule = {
        "combinator": "and",
        "rules": [{"field": "segment", "operator": "in", "value": ["win-back"]}],
    }
    _saved(served, "User", rule)
    told = client.get(f"{URL}/win-back/dependents").json()["dependents"]
    assert told == [{"id": "user", "name": "User"}]
    assert client.delete(f"{URL}/win-back").json()["type"] == "segment-in-use"


def test_pins(served: Served) -> None:
    client = served.asks(Role.MARKETER)
    count = _saved(served)["count"]
    out = client.get(f"{URL}/win-back/members?limit=1").json()["members"][0]["customer_id"]
    kept = client.put(f"{URL}/win-back/pins/{out}", json={"included": False}).json()
    assert kept["count"] == count - 1
    assert client.get(f"{URL}/win-back/pins").json() == {"included": [], "excluded": [str(out)]}
    assert client.delete(f"{URL}/win-back/pins/{out}").json()["rule"] == WIN_BACK
    nobody = client.put(f"{URL}/win-back/pins/987654321", json={"included": True})
    assert nobody.status_code == 404


def test_the_shelf_tells_what_the_night_counted(served: Served) -> None:
    told = served.asks(Role.VIEWER).get(URL).json()
    night = served.workspace.nights.all()[LAST]
    assert told["as_of"] == LAST.isoformat()
    assert told["universe"] == night.universe
    for one in told["segments"]:
        tally = night.segments.get(one["id"])
        if tally is not None:
            assert (one["count"], one["entered"]) == (tally.count, tally.entered)
            assert len(one["trend"]) == 3
        else:
            assert one["unavailable"]


def test_who_moved_and_why(served: Served) -> None:
    start, end = LAST - timedelta(days=14), LAST
    query = {"start": f"{start}", "end": f"{end}", "limit": 100}
    told = served.asks().get(f"{URL}/at-risk/moves", params=query).json()
    entered, left = served.workspace.moves("at-risk", start, end)
    assert told["entered"]["count"] == len(entered) > 0
    assert [one["customer_id"] for one in told["left"]["customers"]] == left.to_list()
    for one in told["entered"]["customers"]:
        assert one["because"] == ["whose days since the last order is at least 60"]


def test_overlap_and_combinations_add_up(served: Served) -> None:
    names = ["at-risk", "lapsed", "vip-customers"]
    query = {"segments": ",".join(names)}
    told = served.asks().get("/api/v1/analytics/overlap", params=query).json()
    members = {n: {*served.workspace.members(n)["customer_id"]} for n in names}
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            assert told["shared"][i][j] == len(members[one] & members[other])
    for combination in told["combinations"]:
        inside = set.intersection(*(members[n] for n in combination["segments"]))
        others = [members[n] for n in names if n not in combination["segments"]]
        assert combination["count"] == len(inside.difference(*others))
    assert sum(one["count"] for one in told["combinations"]) == len(set.union(*members.values()))


def test_a_profile_is_made_of_the_features(served: Served) -> None:
    told = served.asks().get(f"{URL}/at-risk/profile").json()
    members = served.workspace.members("at-risk", fields=["spend_365d"])
    everybody = served.workspace.features(["spend_365d", "average_order_value"])
    inside = everybody["customer_id"].is_in(members["customer_id"].implode())
    means = [everybody.filter(m)["average_order_value"].mean() for m in (inside, ~inside)]
    (found,) = [one for one in told["measures"] if one["name"] == "average_order_value"]
    assert [found["segment"], found["against"]] == means
    total = everybody["spend_365d"].sum()
    assert told["revenue_share"] == pytest.approx(members["spend_365d"].sum() / total)
    for one in told["distributions"]:
        assert abs(sum(one["segment"]) - 1) < 1e-4
        assert len(one["edges"]) == len(one["segment"]) + 1
    assert any("last 90 days is lower" in one["words"] for one in told["differences"])
    assert served.asks().get(f"{URL}/at-risk/profile?against=nothing").status_code == 404


def test_a_night_that_was_missed_is_told(served: Served) -> None:
    assert served.asks().get("/api/v1/session").json()["stale"] is False
    late = Served(served.workspace, served.now + timedelta(days=3))
    told = late.asks().get("/api/v1/session").json()
    assert (told["stale"], told["age_days"]) == (True, 3)


def test_webhooks_and_schedule(served: Served) -> None:
    client = served.asks()
    asked = {"segment": "at-risk", "on": ["entered"], "url": "https://crm.example/hook"}
    made = client.post("/api/v1/webhooks", json=asked).json()
    assert made["secret"]
    listed = client.get("/api/v1/webhooks").json()["webhooks"]
    assert [(one["id"], one["secret"]) for one in listed] == [(made["id"], None)]
    assert client.get(f"/api/v1/webhooks/{made['id']}/deliveries").json() == {"deliveries": []}
    assert client.delete(f"/api/v1/webhooks/{made['id']}").status_code == 204
    assert client.get(f"/api/v1/webhooks/{made['id']}/deliveries").status_code == 404
    table = {"cron": "0 5 * * *", "mapping": None}
    assert client.put("/api/v1/schedule", json=table).json() == table
    assert client.get("/api/v1/schedule").json() == table


def test_tokens_over_http(served: Served) -> None:
    client = served.asks()
    made = client.post("/api/v1/tokens", json={"name": "Kim", "role": "viewer"}).json()
    other = served.asks(None)
    other.headers["Authorization"] = f"Bearer {made['token']}"
    assert other.get("/api/v1/session").json() | {"name": "Kim", "role": "viewer"} == (
        other.get("/api/v1/session").json()
    )
    listed = client.get("/api/v1/tokens").json()["tokens"]
    assert made["token"] not in str(listed)
    assert client.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert client.delete("/api/v1/tokens/nobody").status_code == 404


def test_a_changed_rule_counts_everywhere_at_once(served: Served) -> None:
    """Also where the night has stored whom the rule of then held."""
    client = served.asks(Role.MARKETER)
    client.post("/api/v1/segments", json={"id": "mine", "name": "Mine", "rule": WIN_BACK})
    served.workspace.nightly(LAST + timedelta(days=1))
    changed = {"version": 1, "rule": {**WIN_BACK, "not": True}}
    count = client.put("/api/v1/segments/mine", json=changed).json()["count"]
    told = client.get("/api/v1/analytics/overlap?segments=mine").json()
    rows = client.get("/api/v1/analytics/revenue").json()["rows"]
    (worth,) = (row["members"] for row in rows if row["segment"] == "mine")
    assert told["segments"][0]["count"] == worth == count
