"""What is logged names nobody, and says enough to find a request again."""

import logging

import pytest

from segml.core.identity import Role
from served import Served


def test_a_request_is_logged_without_whom_it_is_about(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "segml.service")
    client = served.asks(Role.VIEWER)
    client.get("/api/v1/customers?q=Lindfeld")
    client.put("/api/v1/segments/x/pins/4711", json={"included": True})
    answer = client.get("/admin/customers/segments/?token=secret")
    told = [record.__dict__ for record in caplog.records if record.message == "answered"]
    assert [one["path"] for one in told] == [
        "/api/v1/customers",
        "/api/v1/segments/x/pins/…",
        "/admin/customers/segments/",
    ]
    assert told[-1]["request_id"] == answer.headers["x-request-id"]
    assert not any(word in str(told) for word in ("Lindfeld", "4711", "secret"))
