"""A workspace behind the service's guard, asked as each role, without a network between."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from starlette.testclient import TestClient

from segml import Workspace
from segml.core.identity import Role
from segml.service.desk import Desk
from small_town import LAST

NOW = datetime(LAST.year, LAST.month, LAST.day, 9, tzinfo=UTC)
WIN_BACK = {
    "combinator": "and",
    "rules": [
        {"field": "days_since_last_order", "operator": "between", "value": [30, 60]},
        {"field": "lifetime_spend", "operator": ">", "value": 50},
    ],
}


@dataclass
class Served:
    """A desk, and who asks it."""

    workspace: Workspace
    now: datetime = NOW
    secrets: dict[Role, str] = field(default_factory=dict)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.workspace, lambda: self.now)

    def asks(self, role: Role | None = Role.ADMIN) -> TestClient:
        """Return a client with the role's token; without one for None."""
        app = self.desk.guarded(self.desk.api)
        client = TestClient(app, base_url="http://segml:8080", follow_redirects=False)
        if role is not None:
            client.headers["Authorization"] = f"Bearer {self.secret(role)}"
        return client

    def secret(self, role: Role) -> str:
        if role not in self.secrets:
            tokens = self.workspace.records.tokens
            self.secrets[role] = tokens.create(str(role), role, self.now)[1]
        return self.secrets[role]
