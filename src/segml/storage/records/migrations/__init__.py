"""How the records' schema came to be, step by step, run by Alembic.

A database that has no version yet but segments is one of before there were versions: it has what
`FIRST` makes. To add a step, write the next file in ``versions`` and name it as `HEAD`.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection

FIRST: Final = "0001"
HEAD: Final = "0002"


def upgrade(connection: Connection, version: str | None) -> None:
    """Run the steps that are missing, within the transaction of a connection.

    Parameters
    ----------
    connection
        To the database.
    version
        The version to begin from where the database does not say so itself.
    """
    from alembic import command  # noqa: PLC0415 (needed once in the life of a database)
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    if version is not None:
        command.stamp(config, version)
    command.upgrade(config, "head")
