"""An import count says what an import did to one table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportCount:
    """What an import did to one table.

    Attributes
    ----------
    read
        Rows of the sources; always accepted + rejected. Rows passed over by `keep_first` are none.
    accepted
        Rows that now stand in the warehouse, those that already stood there among them.
    rejected
        Rows that do not count, each told in the rejects; orphans among them.
    new
        Accepted rows that were not there before.
    ignored
        Columns of the sources that nothing was read from.
    earlier
        Rows imported before that this import brought in, since their parent is known now, or
        (negative) set aside, since it is not.
    erased
        Rows passed over since they name customers who were erased; they are not among those read.
    """

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    new: int = 0
    ignored: tuple[str, ...] = ()
    earlier: int = 0
    erased: int = 0

    def __add__(self, other: "ImportCount") -> "ImportCount":
        return ImportCount(
            self.read + other.read,
            self.accepted + other.accepted,
            self.rejected + other.rejected,
            self.new + other.new,
            tuple(dict.fromkeys(self.ignored + other.ignored)),
            self.earlier + other.earlier,
            self.erased + other.erased,
        )
