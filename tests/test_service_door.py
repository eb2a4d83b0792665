"""Nobody is answered without an identity that may; every answer has the same shape."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from segml import Workspace
from segml.core.identity import Role
from segml.service import guard
from segml.service.api import ROUTERS
from segml.service.guard import OPEN, PAGE
from segml.service.identities import MOST_FAILURES
from segml.service.openapi import BENTO, document
from segml.service.visit import LARGEST_BODY
from served import WIN_BACK, Served

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def _least(route: APIRoute) -> list[Role]:
    """Return the roles that a route's dependencies ask for."""
    asked = (getattr(one.call, "least", None) for one in route.dependant.dependencies)
    return [role for role in asked if role is not None]


def _address(path: str) -> str:
    for name, value in {
        "segment": "at-risk",
        "customer": "1",
        "name": "churn",
        "token": "t",
        "webhook": "1",
        "delivery": "1",
    }.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def test_every_route_asks_for_a_role() -> None:
    assert ROUTES
    for route in ROUTES:
        roles = _least(route)
        assert len(roles) == 1, route.path
        changes = not {"GET", "HEAD"} & route.methods
        asks_only = route.path.split("/")[-1] in {
            *("preview", "sql", "explain", "members", "lookalike", "diff", "plan"),
        }
        assert roles[0] > Role.VIEWER or not changes or asks_only, route.path


def _everywhere() -> Iterator[tuple[str, str]]:
    for path, operations in document()["paths"].items():
        for method in operations:
            yield method.upper(), _address(path)
    for path in ("/", "/metrics", "/docs.json", "/openapi.json", "/nothing", "/static_content/x"):
        yield "GET", path
    yield "GET", "/admin/customers/segments/assets/index.js"


def test_nothing_without_a_token(served: Served) -> None:
    client = served.asks(None)
    for method, path in _everywhere():
        for headers in ({}, {"Authorization": "Bearer segml_1_x"}, {"Authorization": "Basic x"}):
            answer = client.request(method, path, headers=headers, json={})
            if answer.status_code == 429:
                break
            assert answer.status_code == 401, (method, path)
            assert answer.json()["type"] == "no-identity"


def test_roles(served: Served) -> None:
    for route in ROUTES:
        (least,) = _least(route)
        for role in Role:
            method = sorted(route.methods)[0]
            if role >= least and method != "GET":
                continue  # what it changes, other tests look at
            path = "/api/v1" + _address(route.path)
            status = served.asks(role).request(method, path, json={}).status_code
            assert (status == 403) == (role < least), (role, path)


def test_a_token_that_has_ended(served: Served) -> None:
    tokens = served.workspace.records.tokens
    made, secret = tokens.create("short", Role.ADMIN, served.now, served.now + timedelta(hours=1))
    client = served.asks(None)
    client.headers["Authorization"] = f"Bearer {secret}"
    assert client.get("/api/v1/session").status_code == 200
    tokens.revoke(made.id, served.now)
    fresh = Served(served.workspace).asks(None)
    fresh.headers["Authorization"] = f"Bearer {secret}"
    assert fresh.get("/api/v1/session").status_code == 401


def test_guessing_is_slowed_down_for_guessers_only(served: Served) -> None:
    client = served.asks(Role.VIEWER)
    assert client.get("/api/v1/session").status_code == 200
    guesses = [
        client.get("/api/v1/session", headers={"Authorization": f"Bearer segml_1_{n}"})
        for n in range(MOST_FAILURES + 1)
    ]
    assert [one.status_code for one in guesses] == [401] * MOST_FAILURES + [429]
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert client.get("/api/v1/session").status_code == 200


def test_a_link_signs_in_and_leaves_the_address_bar(served: Served) -> None:
    client = served.asks(None)
    page = "/admin/customers/segments/"
    answer = client.get(f"{page}?token={served.secret(Role.ADMIN)}")
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/api/v1/session").json()["role"] == "admin"


def test_a_cookie_alone_changes_nothing(served: Served) -> None:
    client = served.asks(None)
    client.get(f"/admin/customers/segments/?token={served.secret(Role.ADMIN)}")
    asked = {"rule": WIN_BACK}
    assert client.post("/api/v1/preview", json=asked).status_code == 403
    assert client.post("/api/v1/preview", json=asked, headers={"X-Segml": "page"}).is_success


def test_signing_in_by_a_form(served: Served) -> None:
    client = served.asks(None)
    form = client.get("/admin/customers/segments/x?<b>", headers={"Accept": "text/html"})
    assert form.status_code == 401
    assert "<script" not in form.text
    page = {"Accept": "text/html"}
    ended = client.get("/admin/customers/segments/x?section=members&token=old", headers=page)
    assert 'value="/admin/customers/segments/x?section=members"' in ended.text
    fields = {"token": served.secret(Role.VIEWER), "next": "https://elsewhere.example/"}
    answer = client.post("/signin", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/customers/segments/")
    wrong = client.post("/signin", data={"token": "x", "next": '"><script>'})
    assert wrong.status_code == 401
    assert "<script" not in wrong.text
    other = client.post("/signin", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert other.status_code == 403


def test_headers_on_every_answer(served: Served) -> None:
    for client, path in ((served.asks(), "/api/v1/session"), (served.asks(None), "/nothing")):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe-inline" not in policy.split("style-src")[0]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]


def test_a_request_id_is_kept(served: Served) -> None:
    answer = served.asks().get("/api/v1/nothing", headers={"X-Request-Id": "abcd-1234"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "abcd-1234"


@pytest.mark.parametrize("told", [True, False])
def test_bodies_have_an_end(served: Served, *, told: bool) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(11):
            yield b" " * (LARGEST_BODY // 10)

    body = b" " * (LARGEST_BODY + 1) if told else pieces()
    answer = served.asks().post("/api/v1/preview", content=body)
    assert (answer.status_code, answer.json()["type"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"{", 422), (b"[]", 422), (b'{"rule":{},"x":1}', 422), (b"\xff\xfe", 422)],
)
def test_garbage_is_refused_in_one_shape(served: Served, body: bytes, status: int) -> None:
    answer = served.asks().post(
        "/api/v1/preview", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {*answer.json()} == {"type", "title", "status", "detail", "problems", "request_id"}


def test_deep_garbage(served: Served) -> None:
    deep = b'{"rule":' + b'{"combinator":"and","rules":[' * 20_000
    answer = served.asks().post("/api/v1/preview", content=deep + b"]}" * 20_000 + b"}")
    assert answer.status_code == 422


def test_names_are_masked_for_viewers(served: Served) -> None:
    for path in ("/api/v1/segments/at-risk/members?limit=5", "/api/v1/customers?q=a"):
        plain, veiled = (served.asks(r).get(path).json() for r in (Role.MARKETER, Role.VIEWER))
        key = "members" if "members" in path else "customers"
        assert any(len(row["first_name"] or "") > 2 for row in plain[key])
        assert all(len(row["first_name"] or "") <= 2 for row in veiled[key])


def test_viewers_find_nobody_by_name(served: Served) -> None:
    """Else whoever may not read names could guess them."""
    path = "/api/v1/segments/at-risk/members?limit=1"
    (guest,) = served.asks(Role.MARKETER).get(path).json()["members"]
    for url, key in (
        ("/api/v1/customers", "customers"),
        ("/api/v1/segments/at-risk/members", "members"),
    ):
        for role in (Role.VIEWER, Role.MARKETER):
            client = served.asks(role)
            named = client.get(url, params={"q": guest["last_name"]}).json()[key]
            ids = [one["customer_id"] for one in named]
            assert (guest["customer_id"] in ids) == (role is Role.MARKETER)
            assert client.get(url, params={"q": f"{guest['customer_id']}"}).json()[key]


def test_more_at_once_than_can_be_answered(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client = served.asks()
    monkeypatch.setattr(guard, "MOST_AT_ONCE", 0)
    answer = client.get("/api/v1/session")
    assert (answer.status_code, answer.json()["type"]) == (429, "too-many-at-once")
    assert answer.headers["retry-after"] == "1"
    monkeypatch.setattr(guard, "MOST_AT_ONCE", 1)
    assert {client.get("/api/v1/session").status_code for _ in range(3)} == {200}


def test_who_left_is_not_waited_for(served: Served) -> None:
    """BentoML holds a request until its first word, or a minute: it is given one."""

    async def left(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send

    client = TestClient(served.desk.guarded(left), headers=served.asks().headers)
    assert client.get("/api/v1/session").status_code == 408


def test_what_takes_too_long_is_told_in_our_words(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PATIENCE", 0)

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send
        await asyncio.Event().wait()

    async def long(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for more in (True, False):
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"part", "more_body": more})

    headers = served.asks().headers
    answer = TestClient(served.desk.guarded(never), headers=headers).get("/api/v1/session")
    assert (answer.status_code, answer.json()["type"]) == (504, "too-slow")
    monkeypatch.setattr(guard, "PATIENCE", 0.2)
    answer = TestClient(served.desk.guarded(long), headers=headers).get("/api/v1/session")
    assert (answer.status_code, answer.text) == (200, "partpart")


def test_what_is_open_tells_nothing() -> None:
    assert {"/healthz", "/livez", "/readyz"} == OPEN
    assert {*BENTO} == {"/score", "/preview", "/lookalike"}


def test_only_admins_see_the_audit(served: Served) -> None:
    served.asks(Role.MARKETER).get("/api/v1/segments/at-risk/members?limit=50")
    entries = served.asks().get("/api/v1/audit").json()["entries"]
    assert any(one["action"] == "customers.see" and one["rows"] >= 50 for one in entries)


def test_without_the_database_nobody_is_let_in(served: Served) -> None:
    """That is told as an outage, not as a fault, and without saying where the database is."""
    secret = served.secret(Role.ADMIN)
    assert served.desk.ready()
    records = served.workspace.records
    records.database.close()
    (served.workspace.folder / "catalogue.db").write_bytes(b"no database" * 1_000)
    broken = Served(Workspace(served.workspace.folder), secrets={Role.ADMIN: secret})
    for path in ("/api/v1/session", "/metrics", f"{PAGE}/?token={secret}"):
        answer = broken.asks().get(path)
        assert (answer.status_code, answer.json()["type"]) == (503, "unavailable")
        assert "catalogue" not in answer.text
    assert broken.asks(None).post("/signin", data={"token": secret}).status_code == 503
    assert not broken.desk.ready()
