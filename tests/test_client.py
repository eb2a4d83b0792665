"""A service answers the verbs of a workspace with what the workspace says."""

from datetime import timedelta

import pytest

from segml import fields as f
from segml.client import Client, ServiceRefused
from segml.core.errors import SegmlError
from segml.core.identity import Role
from served import WIN_BACK, Served
from small_town import LAST


@pytest.fixture
def remote(served: Served) -> Client:
    asked = served.asks(Role.MARKETER)
    return Client("http://segml:8080", served.secret(Role.MARKETER), transport=asked._transport)


def test_the_same_answers(served: Served, remote: Client) -> None:
    here = served.workspace
    rule = (f.lifetime_spend > 50) & f.order_items.where(category="wine").never()
    assert remote.preview(rule) == here.preview(rule)
    assert remote.preview("at-risk", as_of=LAST - timedelta(days=7)).count == (
        here.preview("at-risk", as_of=LAST - timedelta(days=7)).count
    )
    fields = ["lifetime_spend", "favorite_category"]
    assert remote.members(rule, fields=fields).equals(here.members(rule, fields=fields))
    assert remote.explain(1, "at-risk") == here.explain(1, "at-risk")
    assert remote.sql(rule) == here.sql(rule)
    names = ["at-risk", "lapsed"]
    assert remote.overlap(names).rows() == here.overlap(names).rows()
    assert remote.revenue().rows() == here.revenue().rows()
    assert remote.trend("at-risk").equals(here.trend("at-risk"))
    assert remote.session()["role"] == "marketer"
    assert [one["model"] for one in remote.models()] == [*here.models.declared()]


def test_segments_through_the_client(served: Served, remote: Client) -> None:
    made = remote.segments.save("win-back", WIN_BACK, title="Win back")
    assert made["version"] == 1
    changed = remote.segments.save("win-back", f.lifetime_spend > 10)
    assert (changed["version"], changed["name"]) == (2, "Win back")
    assert served.workspace.segments.get("win-back").version == 2
    assert [one["version"] for one in remote.segments.versions("win-back")] == [1, 2]
    remote.segments.delete("win-back")
    assert "win-back" not in remote.segments.all()


def test_what_is_refused_says_why(remote: Client) -> None:
    with pytest.raises(ServiceRefused) as caught:
        remote.segments.save("x", {"combinator": "and", "rules": []})
    assert caught.value.status == 422
    assert caught.value.problems[0].path == ()
    assert "group is empty" in str(caught.value.problems[0])
    assert caught.value.request_id
    with pytest.raises(ServiceRefused, match="no segment"):
        remote.segments.get("nothing")


def test_a_service_that_is_not_there() -> None:
    with Client("http://127.0.0.1:9", "x") as nowhere, pytest.raises(SegmlError, match="answer"):
        nowhere.session()
