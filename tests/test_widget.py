"""The builder in a notebook, from the kernel's side: one rule on both sides, the API's answers."""

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
import traitlets
from jupyter_client.manager import start_new_kernel

from kernel_front_end import FrontEnd, front_end
from segml import Builder, RuleRefused, UnknownName, Workspace
from segml import fields as f
from segml.client import Client
from segml.core.identity import Role
from served import WIN_BACK, Served
from small_town import LAST

MISSPELT = {"combinator": "and", "rules": [{"field": "spend", "operator": "=", "value": 1}]}


@pytest.fixture(autouse=True)
def notebook() -> Iterator[None]:
    with front_end():
        yield


def page_of(builder: Builder) -> FrontEnd:
    page: FrontEnd = builder.comm
    return page


def asked(builder: Builder, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    page_of(builder).asks(method, path, "" if body is None else json.dumps(body))
    told = page_of(builder).answer()
    assert told["id"] == "1"
    return told["status"], json.loads(told["body"])


@pytest.mark.parametrize("rule", [WIN_BACK, "at-risk", f.lifetime_spend > 50])
def test_a_rule_set_in_python_reaches_the_page_and_is_counted(
    restaurant: Workspace, rule: Any
) -> None:
    builder = Builder(restaurant)
    assert (builder.count, builder.as_of) == (None, None)
    heard: list[int] = []
    builder.observe(lambda change: heard.append(change.new), "count")
    builder.rule = rule
    members = restaurant.members(rule)
    assert heard == [builder.count] == [len(members)]
    assert builder.as_of == LAST
    assert builder.members().equals(members)
    assert page_of(builder).state["rule"] == builder.rule == Builder(restaurant, rule).rule


def test_an_edit_in_the_page_reaches_python_and_is_counted(restaurant: Workspace) -> None:
    builder = Builder(restaurant, f.lifetime_spend > 50)
    heard: list[Any] = []
    builder.observe(lambda change: heard.append(change.new), "rule")
    page_of(builder).edits(WIN_BACK)
    assert heard == [builder.rule] == [WIN_BACK]
    assert builder.count == len(restaurant.members(WIN_BACK))


def test_what_is_no_rule_is_refused_and_changes_nothing(restaurant: Workspace) -> None:
    builder = Builder(restaurant, "at-risk")
    before = builder.rule
    with pytest.raises(UnknownName, match="at-risk"):
        builder.rule = "at-rsk"
    with pytest.raises(traitlets.TraitError, match="a segment's id"):
        builder.rule = 7
    assert builder.rule == before
    builder.rule["rules"].clear()
    assert Builder(restaurant, "at-risk").rule != builder.rule


def test_a_rule_with_problems_is_told_in_the_builder_and_counts_nobody(
    restaurant: Workspace,
) -> None:
    builder = Builder(restaurant, "at-risk")
    builder.rule = MISSPELT
    assert builder.count is None
    status, told = asked(builder, "POST", "/api/v1/preview", {"rule": builder.rule})
    assert (status, told["problems"][0]["path"]) == (200, [0])
    with pytest.raises(RuleRefused, match="spend"):
        builder.members()
    with pytest.raises(RuleRefused, match="spend"):
        builder.save("misspelt")


def test_messages_are_answered_as_the_service_answers(served: Served) -> None:
    builder, service = Builder(served.workspace), served.asks(Role.MARKETER)
    rule = {"rule": WIN_BACK}
    for method, path, body in (
        ("GET", "/api/v1/catalog", None),
        ("GET", "/api/v1/catalog/values?field=city&q=&limit=5", None),
        ("GET", "/api/v1/customers?q=1&limit=3", None),
        ("POST", "/api/v1/preview", rule),
        ("POST", "/api/v1/sql", rule | {"dialect": "spark"}),
        ("POST", "/api/v1/explain", rule | {"customer_id": 1}),
    ):
        answer = service.request(method, path, json=body)
        assert asked(builder, method, path, body) == (200, answer.json())


def test_refusals_are_told_as_the_service_tells_them(served: Served) -> None:
    builder = Builder(served.workspace)
    for method, path, body, status in (
        ("POST", "/api/v1/explain", {"rule": WIN_BACK, "customer_id": 10**9}, 404),
        ("POST", "/api/v1/preview", {"rules": WIN_BACK}, 422),
        ("GET", "/api/v1/tokens", None, 403),
    ):
        answer = served.asks(Role.MARKETER).request(method, path, json=body).json()
        told = asked(builder, method, path, body)
        assert told == (status, answer | {"request_id": ""})
    assert asked(builder, "GET", "//elsewhere.example/")[0] == 502


def test_who_asks_in_a_notebook_sees_names_and_may_save(restaurant: Workspace) -> None:
    status, told = asked(Builder(restaurant), "GET", "/api/v1/session")
    assert (status, told["role"], told["as_of"]) == (200, "marketer", str(LAST))


def test_a_newer_preview_ends_the_one_before(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = Event(), Event()
    moments = served.workspace._moments
    at = moments.at

    def slow(*words: Any) -> Any:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(60)
        return at(*words)

    monkeypatch.setattr(moments, "at", slow)
    page = page_of(Builder(served.workspace))

    def previewed(number: str, rule: Any) -> None:
        body = json.dumps({"rule": rule.as_json(), "session": "tab"})
        page.asks("POST", "/api/v1/preview", body, number)

    previewed("older", f.lifetime_spend > 10)
    assert begun.wait(60)
    previewed("newer", f.lifetime_spend > 20)
    newer = page.answer()
    go_on.set()
    older = page.answer()
    assert (newer["id"], newer["status"]) == ("newer", 200)
    assert (older["id"], older["status"]) == ("older", 409)
    assert json.loads(older["body"])["type"] == "superseded"


def test_saving_makes_a_segment_and_then_its_next_version(served: Served) -> None:
    builder = Builder(served.workspace, WIN_BACK)
    builder.save("by-hand", title="By hand")
    builder.rule = f.lifetime_spend > 50
    builder.save("by-hand")
    saved = served.workspace.segments.get("by-hand")
    assert (saved.version, saved.name, saved.rule) == (2, "By hand", builder.rule)
    assert saved.saved_at


def test_a_service_is_edited_as_a_workspace_is(served: Served) -> None:
    way = served.asks()._transport
    remote = Client("http://segml:8080", served.secret(Role.VIEWER), transport=way)
    builder = Builder(remote, "at-risk")
    assert builder.rule == served.workspace.segments.get("at-risk").rule
    assert builder.count == len(builder.members()) == len(served.workspace.members("at-risk"))
    status, told = asked(builder, "GET", "/api/v1/session")
    assert (status, told["role"]) == (200, "viewer")


def test_a_service_that_is_away_is_told_in_the_builder() -> None:
    builder = Builder(Client("http://127.0.0.1:9", "token"))
    status, told = asked(builder, "GET", "/api/v1/catalog")
    assert status == 502
    assert "does not answer" in told["detail"]
    builder.rule = WIN_BACK
    assert builder.count is None


KERNEL = """
import segml
from segml import fields as f
builder = segml.Builder(segml.Workspace({folder!r}), f.lifetime_spend > 50)
"""


@pytest.mark.slow
def test_a_kernel_answers_from_its_threads(restaurant: Workspace) -> None:
    manager, client = start_new_kernel()
    opened: list[Any] = []
    try:
        source = KERNEL.format(folder=str(restaurant.folder))
        client.execute_interactive(source, timeout=120, output_hook=opened.append)
        widget = next(m for m in opened if "rule" in m["content"].get("data", {}).get("state", {}))
        body = json.dumps({"rule": WIN_BACK, "session": "tab"})
        question = {"id": "1", "method": "POST", "path": "/api/v1/preview", "body": body}
        told = {"method": "custom", "content": question}
        told = {"comm_id": widget["content"]["comm_id"], "data": told}
        client.shell_channel.send(client.session.msg("comm_msg", told))
        answers = (client.get_iopub_msg(timeout=60) for _ in range(20))
        answer = next(one for one in answers if one["msg_type"] == "comm_msg")
    finally:
        manager.shutdown_kernel(now=True)
    found = json.loads(answer["content"]["data"]["content"]["body"])
    assert found["count"] == len(restaurant.members(WIN_BACK))
