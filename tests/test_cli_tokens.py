"""Tokens from the command line."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from segml import Workspace
from segml.cli import app

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def run(*words: str | Path) -> Any:
    result = CliRunner().invoke(app, ["token", *map(str, words)])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout) if "--json" in words else result.stdout


def test_a_token_is_made_listed_and_revoked(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    made = run("create", "Kim", "--role", "admin", "--json", "-w", tmp_path)
    identity = workspace.records.tokens.check(made["token"], NOW)
    assert identity is not None
    assert (identity.id, identity.name, str(identity.role)) == (made["id"], "Kim", "admin")
    shown = run("create", "Lee", "--role", "viewer", "--expires", "2200-01-01", "-w", tmp_path)
    assert workspace.records.tokens.check(shown.splitlines()[0], NOW) is not None
    first, second = run("list", "--json", "-w", tmp_path)["tokens"]
    assert (first["state"], second["expires_at"]) == ("valid", "2200-01-01T00:00:00+00:00")
    assert made["token"] not in run("list", "-w", tmp_path)
    run("revoke", made["id"], "-w", tmp_path)
    assert workspace.records.tokens.check(made["token"], NOW) is None
    assert run("list", "--json", "-w", tmp_path)["tokens"][0]["state"] == "revoked"
    actions = [entry.action for entry in workspace.records.audit.entries()]
    assert actions == ["token.revoke", "token.create", "token.create"]


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    Workspace.create(tmp_path)
    for words, status in (
        (["create", "Kim", "--role", "boss"], 2),
        (["create", "Kim", "--role", "admin", "--expires", "2020-01-01"], 1),
        (["revoke", "nobody"], 1),
    ):
        result = CliRunner().invoke(app, ["token", *words, "-w", str(tmp_path)])
        assert result.exit_code == status
        assert result.stderr
