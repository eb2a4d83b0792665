"""The other end of a widget: what the kernel sends a notebook's page, and what that sends back."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import comm
from comm.base_comm import BaseComm

PATIENCE = 20  # seconds for an answer on a busy machine


class FrontEnd(BaseComm):
    """A comm whose far end is this process."""

    def __init__(self, **opening: Any) -> None:
        self.told: Queue[dict[str, Any]] = Queue()
        self.state: dict[str, Any] = {}
        super().__init__(**opening)

    def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:
        data = data or {}
        self.state |= data.get("state", {})
        if data.get("method") == "custom":
            self.told.put(data["content"])

    def sends(self, data: dict[str, Any]) -> None:
        self.handle_msg({"content": {"data": data}, "buffers": []})

    def edits(self, rule: dict[str, Any]) -> None:
        self.sends({"method": "update", "state": {"rule": rule}, "buffer_paths": []})

    def asks(self, method: str, path: str, body: str = "", number: str = "1") -> None:
        content = {"id": number, "method": method, "path": path, "body": body}
        self.sends({"method": "custom", "content": content})

    def answer(self) -> dict[str, Any]:
        return self.told.get(timeout=PATIENCE)


@contextmanager
def front_end() -> Iterator[None]:
    """Give the widgets that are made meanwhile a `FrontEnd` each, as their ``comm``."""
    before = comm.create_comm
    comm.create_comm = FrontEnd
    try:
        yield
    finally:
        comm.create_comm = before
