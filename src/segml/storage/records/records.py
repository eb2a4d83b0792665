"""All records of a workspace, by store."""

from pathlib import Path

from segml.storage.records.audit import Audit
from segml.storage.records.catalogue import Catalogue
from segml.storage.records.database import Database
from segml.storage.records.exports import Exports
from segml.storage.records.place import database_url
from segml.storage.records.plans import Plans
from segml.storage.records.runs import Runs
from segml.storage.records.schedule import Schedule
from segml.storage.records.tokens import Tokens
from segml.storage.records.webhooks import Webhooks


class Records:
    """The stores of one database.

    Parameters
    ----------
    folder
        Of the workspace.
    url
        SQLAlchemy URL of the database; empty for a SQLite file in the folder.

    Attributes
    ----------
    database
        Where they all are.
    catalogue
        Saved segments with all their versions.
    tokens
        Who is known to the service.
    audit
        Who changed, saw in bulk or took out what.
    webhooks
        Who wants to be told of whom, and what was sent.
    runs
        What nights and trainings did.
    exports
        Which files with customers were made.
    plans
        Saved plans of campaigns.
    schedule
        When nights are run by themselves.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        self.database = database = Database(database_url(folder, url))
        self.catalogue = Catalogue(database)
        self.tokens = Tokens(database)
        self.audit = Audit(database)
        self.webhooks = Webhooks(database)
        self.runs = Runs(database)
        self.exports = Exports(database)
        self.plans = Plans(database)
        self.schedule = Schedule(database)
