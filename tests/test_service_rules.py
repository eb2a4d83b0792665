"""Over HTTP a rule means what it means in the workspace: counts, members, reasons, problems."""

from typing import Any

import pytest

from segml.core.identity import Role
from segml.core.operators import OPERATORS
from segml.library.features import FEATURES
from served import WIN_BACK, Served
from small_town import LAST

RULES: dict[str, Any] = {
    "fields": WIN_BACK,
    "an event": {
        "combinator": "and",
        "not": True,
        "rules": [
            {
                "field": "order_items",
                "operator": "=",
                "match": {"mode": "atLeast", "threshold": 2},
                "value": {
                    "combinator": "and",
                    "rules": [{"field": "category", "operator": "=", "value": "wine"}],
                },
            }
        ],
    },
    "a segment": {
        "combinator": "or",
        "rules": [
            {"field": "segment", "operator": "in", "value": ["at-risk"]},
            {"field": "lifetime_spend", "operator": "topPercent", "value": 5},
        ],
    },
}


@pytest.mark.parametrize("rule", RULES.values(), ids=[*RULES])
def test_a_preview_is_the_workspaces(served: Served, rule: Any) -> None:
    told = served.asks().post("/api/v1/preview", json={"rule": rule}).json()
    found = served.workspace.preview(rule)
    assert told == found.as_json()
    pages = served.asks().post("/api/v1/members", json={"rule": rule, "limit": 500}).json()
    assert pages["count"] == told["count"]
    listed = [row["customer_id"] for row in pages["members"]]
    assert listed == served.workspace.members(rule)["customer_id"].to_list()


def test_problems_have_paths_and_nothing_is_counted(served: Served) -> None:
    rule = {"combinator": "and", "rules": [{"field": "spend", "operator": "=", "value": 1}]}
    told = served.asks().post("/api/v1/preview", json={"rule": rule}).json()
    assert (told["count"], told["problems"][0]["path"]) == (None, [0])
    answer = served.asks().post("/api/v1/segments", json={"name": "x", "rule": rule})
    assert (answer.status_code, answer.json()["problems"]) == (422, told["problems"])


def test_pages_of_members_join_to_the_whole(served: Served) -> None:
    client, seen, cursor = served.asks(), [], None
    while True:
        query = {"sort": "-lifetime_spend", "fields": "lifetime_spend", "limit": 7}
        query |= {"cursor": cursor} if cursor else {}
        told = client.get("/api/v1/segments/at-risk/members", params=query).json()
        seen += told["members"]
        cursor = told["next"]
        if cursor is None:
            break
    spends = [row["lifetime_spend"] for row in seen]
    assert spends == sorted(spends, reverse=True)
    whole = served.workspace.members("at-risk")["customer_id"].to_list()
    assert sorted(row["customer_id"] for row in seen) == whole
    bad = client.get("/api/v1/segments/at-risk/members", params={"cursor": "x"})
    assert bad.status_code == 422


def test_members_are_found_by_name_and_id(served: Served) -> None:
    client = served.asks()
    row = client.get("/api/v1/segments/at-risk/members?limit=1").json()["members"][0]
    for part in (row["first_name"].upper(), f"{row['first_name']} {row['last_name']}"):
        path = "/api/v1/segments/at-risk/members"
        found = client.get(path, params={"q": part, "limit": 500}).json()
        assert row["customer_id"] in [one["customer_id"] for one in found["members"]]
    customers = client.get("/api/v1/customers", params={"q": row["customer_id"]}).json()
    assert customers["customers"][0]["customer_id"] == row["customer_id"]
    nobody = client.get("/api/v1/customers", params={"q": "(.*)"}).json()
    assert nobody["customers"] == []


def test_reasons_are_the_workspaces(served: Served) -> None:
    asked = {"customer_id": 1, "segment": "at-risk"}
    told = served.asks().post("/api/v1/explain", json=asked).json()
    assert told == served.workspace.explain(1, "at-risk").as_json()
    nobody = served.asks().post("/api/v1/explain", json=asked | {"customer_id": 10**9})
    assert nobody.status_code == 404
    both = served.asks().post("/api/v1/explain", json=asked | {"rule": WIN_BACK})
    assert both.status_code == 422


def test_sql_is_the_workspaces(served: Served) -> None:
    asked = {"rule": WIN_BACK, "dialect": "postgres"}
    told = served.asks().post("/api/v1/sql", json=asked).json()
    assert told["sql"] == served.workspace.sql(WIN_BACK, dialect="postgres")


def test_the_catalog_tells_everything(served: Served) -> None:
    answer = served.asks().get("/api/v1/catalog")
    told = answer.json()
    assert [one["name"] for one in told["operators"]] == [*OPERATORS]
    assert {one["name"] for one in told["fields"]} >= {*FEATURES}
    assert {one["name"] for one in told["events"]} >= {"orders", "order_items", "memberships"}
    tag = {"If-None-Match": answer.headers["etag"]}
    assert served.asks().get("/api/v1/catalog", headers=tag).status_code == 304


def test_values_are_suggested_from_the_data(served: Served) -> None:
    client = served.asks(Role.VIEWER)
    query = {"field": "category", "event": "order_items", "q": "WIN"}
    told = client.get("/api/v1/catalog/values", params=query).json()["values"]
    lines = served.workspace.history(LAST).rows("order_items").collect()
    assert told == [{"value": "wine", "count": (lines["category"] == "wine").sum()}]
    tiers = client.get("/api/v1/catalog/values", params={"field": "favorite_category"}).json()
    kept = served.workspace.features(["favorite_category"])["favorite_category"].value_counts()
    assert sum(one["count"] for one in tiers["values"]) == kept.drop_nulls()["count"].sum()
    assert client.get("/api/v1/catalog/values?field=nothing").status_code == 422


def test_a_newer_preview_takes_an_older_ones_place(served: Served) -> None:
    turn = served.workspace._sessions.newest(("t", "tab"))
    served.workspace._sessions.newest(("t", "tab"))
    assert turn()


def test_days_that_nothing_is_known_of(served: Served) -> None:
    client = served.asks()
    for day in ("0001-01-01", "9999-12-31"):
        told = client.post("/api/v1/preview", json={"rule": WIN_BACK, "as_of": day})
        assert told.status_code == 200, told.text
