"""Where the records of a workspace are; asked without loading SQLAlchemy."""

from pathlib import Path
from typing import Final

FILE: Final = "catalogue.db"


def database_url(folder: Path, url: str) -> str:
    """Return the SQLAlchemy URL of the records: the one of the settings, else a SQLite file."""
    return url or f"sqlite:///{folder / FILE}"


def ever_written(folder: Path, url: str) -> bool:
    """Return whether there may be records: False where no file was made yet."""
    return bool(url) or (folder / FILE).exists()
