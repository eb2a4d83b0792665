"""Garbage is refused as the sender's mistake, in one shape: never a 5xx, never into the log."""

import io
import json
import logging
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from segml.core.identity import Role
from segml.service import logs
from segml.service.api import BENTO
from segml.wire.models import AskedScores
from served import WIN_BACK, Served

API = "/api/v1"
RULE_ROUTES = {
    "preview": {},
    "sql": {},
    "members": {},
    "exports": {},
    "explain": {"customer_id": 1},
    "segments": {"name": "x"},
    "segments/at-risk/diff": {},
    "campaigns/plan": {"channel": "email"},
}
TEXTS = {"half a surrogate pair": "\ud800", "a NUL character": "a\0b"}


def _rule(field: str, operator: str, value: Any) -> dict[str, Any]:
    condition = {"field": field, "operator": operator, "value": value}
    return {"combinator": "and", "rules": [condition]}


@pytest.mark.parametrize("text", TEXTS.values(), ids=[*TEXTS])
@pytest.mark.parametrize("route", RULE_ROUTES)
def test_texts_that_nothing_can_hold(served: Served, route: str, text: str) -> None:
    for rule in (_rule("city", "=", text), _rule(text, "=", 1), {text: 1}):
        body = json.dumps({"rule": rule} | RULE_ROUTES[route])
        headers = {"Content-Type": "application/json"}
        answer = served.asks().post(f"{API}/{route}", content=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (422, "not-understood")


@pytest.mark.parametrize("huge", [1e308, -1.7e308])
def test_numbers_too_large_to_count_with(served: Served, huge: float) -> None:
    spent = _rule("order_items", "=", {"combinator": "and", "rules": [_wine()]})
    spent["rules"][0] |= {
        "match": {"mode": "atLeast", "threshold": huge},
        "meta": {"aggregate": "sum", "of": "price"},
    }
    for rule in (spent, _rule("lifetime_spend", ">=", huge)):
        told = served.asks().post(f"{API}/preview", json={"rule": rule})
        assert told.status_code == 200
        assert told.json()["problems"][0]["path"] == [0]


def _wine() -> dict[str, str]:
    return {"field": "category", "operator": "=", "value": "wine"}


def test_more_fields_than_are_told(served: Served) -> None:
    fields = ",".join(["age"] * 31)
    answer = served.asks().get(f"{API}/segments/at-risk/members?fields={fields}")
    assert (answer.status_code, answer.json()["type"]) == (422, "too-many")


def test_a_name_is_more_than_blanks(served: Served) -> None:
    answer = served.asks().post(f"{API}/segments", json={"name": " \n", "rule": WIN_BACK})
    assert answer.status_code == 422


def test_a_copy_of_what_the_terminal_saved(served: Served) -> None:
    served.workspace.segments.save("long", WIN_BACK, owner="kim", description="x" * 3_000)
    copy = served.asks().post(f"{API}/segments/long/duplicate", json={})
    assert copy.status_code == 201
    assert len(copy.json()["description"]) == 3_000


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_token_ends_within_the_calendar(served: Served, ends: str) -> None:
    body = {"name": "x", "role": "viewer", "expires_at": ends}
    assert served.asks().post(f"{API}/tokens", json=body).status_code == 422


def test_a_token_with_a_nul_is_nobodys(served: Served) -> None:
    answer = served.asks(None).post("/signin", data={"token": "segml_\0_x"})
    assert answer.status_code == 401


def test_a_host_that_is_none(served: Served) -> None:
    body = {"segment": "at-risk", "on": ["left"], "url": "https://xn--/"}
    assert served.asks().post(f"{API}/webhooks", json=body).status_code == 409


@pytest.mark.parametrize("name", ["日本", 'a"b', "x\r\nSet-Cookie: a=b", "../../x", "..", "a/b"])
def test_a_campaign_of_any_name_has_a_file(served: Served, name: str) -> None:
    client = served.asks(Role.MARKETER)
    body = {"segment": "email-subscribers", "channel": "email", "campaign": name}
    plan = client.post(f"{API}/campaigns", json=body).json()["id"]
    (file,) = client.post(f"{API}/campaigns/{plan}/recipients").json()
    answer = client.get(file["url"])
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{file["name"]}"'
    assert {*file["name"]}.isdisjoint('/\\"\r\n')
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("kind", ["multipart/form-data", "application/xml", "text/plain"])
@pytest.mark.parametrize("path", [*BENTO, f"{API}/preview"])
def test_bodies_are_json(served: Served, path: str, kind: str) -> None:
    answer = served.asks().post(path, content=b"x", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["type"]) == (415, "not-json")


def test_no_night_is_run_before_its_day(served: Served) -> None:
    """Else it would be the latest night, and everybody's answer, from then on."""
    for day in (date(9999, 12, 31), served.now.date() + timedelta(days=1)):
        answer = served.asks(Role.MARKETER).post(f"{API}/runs", json={"as_of": f"{day}"})
        assert (answer.status_code, answer.json()["type"]) == (422, "not-yet")


def test_two_new_segments_of_one_id(served: Served) -> None:
    """The second is refused even when the first was saved after the second looked."""
    segments = served.workspace.segments
    segments.save("mine", WIN_BACK, owner="kim", replacing=0)
    with pytest.raises(Exception, match="has version 1 by now"):
        segments.save("mine", _rule("age", ">", 30), owner="lee", replacing=0)
    segments.delete("mine", owner="kim")
    with pytest.raises(Exception, match="has version none by now"):
        segments.save("mine", WIN_BACK, owner="lee", replacing=1)
    assert segments.save("mine", WIN_BACK, owner="lee", replacing=0).version == 3


class _AskedIODescriptor(BaseModel):
    customers: list[int]


@pytest.mark.parametrize("logger", ["segml.service", "bentoml"])
def test_exceptions_are_logged_without_what_they_quote(logger: str) -> None:
    secret, told, log = "anna@example.org", io.StringIO(), logging.getLogger(logger)
    handler, before = logging.StreamHandler(told), [*log.handlers]
    log.addHandler(handler)
    try:
        logs.as_json()
        logging.getLogger("segml.service").handlers[0].setStream(told)  # type: ignore[attr-defined]
        try:
            AskedScores.model_validate({"customers": [{"email": secret}]})
        except ValidationError:
            log.exception("failed")
        try:
            _AskedIODescriptor.model_validate({"customers": secret})
        except ValidationError:
            log.exception("not understood")
    finally:
        log.handlers = before
    assert "ValidationError" in told.getvalue()
    assert secret not in told.getvalue()
    assert "not understood" not in told.getvalue()
