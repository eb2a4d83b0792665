"""The commands for guests' requests: ``segml access`` and ``segml erase``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from segml import cli_options as options
from segml import terminal
from segml.cli_options import HERE, AsJson, Folder
from segml.core.errors import SegmlError
from segml.storage.atomic import write_text
from segml.workspace import Workspace


def access(
    customer: Annotated[str, typer.Argument(help="A customer's id.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .json file.")],
    workspace: Folder = HERE,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write everything that is held about a guest to one JSON document."""
    with terminal.refusals(as_json=as_json):
        if output.exists() and not force:
            raise SegmlError(f"{output} exists already. Name another file, or say --force.")
        opened = Workspace(workspace)
        found = opened.privacy.access(customer)
        write_text(output, json.dumps(found, indent=1, ensure_ascii=False, default=str) + "\n")
        at = options.moment()
        opened.records.audit.add(at, options.user(), None, "privacy.access", customer, 1)
        if as_json:
            terminal.document({"customer_id": customer, "file": str(output)})
        else:
            terminal.say(f"Wrote what is held about {customer} to {output}.")


def erase(
    customers: Annotated[list[str], typer.Argument(help="Customers' ids.")],
    workspace: Folder = HERE,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase guests from everything that is stored, for good; no import brings them back."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        if not yes:
            typer.confirm(f"Erase {', '.join(customers)} for good?", abort=True, err=True)
        with terminal.steps("Erasing") as progress:
            done = opened.privacy.erase(customers, progress)
        at, many = options.moment(), len(customers)
        opened.records.audit.add(at, options.user(), None, "privacy.erase", "(erased)", many)
        if as_json:
            terminal.document({"erased": len(customers)} | done.as_json())
            return
        rows = ", ".join(f"{count:,} of {table}" for table, count in done.rows.items())
        terminal.say(f"Erased {len(customers)} guests: {rows or 'no'} rows, {done.nights} nights.")
        terminal.say("Erase them in the files you import from, too; until then they are left out.")
