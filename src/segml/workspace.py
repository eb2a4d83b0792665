"""A workspace: one restaurant's facts, nights and segments in a folder, and what to do with them.

This room wires the others together and holds the use cases; the command line, the pipelines and
notebooks call it. Law kept: a count, a list and a file of members come from one evaluation.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from segml import settings as settings_file
from segml.answers import Explanation, Kept, NightReport, Preview
from segml.core.errors import ImportRefused, RuleRefused, UnknownName, WorkspaceError, near
from segml.core.features import Feature, Score
from segml.core.features import digest as features_digest
from segml.core.tables import CustomerId
from segml.engine.arithmetic import quotient
from segml.engine.batches import TableSource
from segml.engine.explain import ranks, reasons
from segml.engine.history import History
from segml.engine.polars import PolarsEngine
from segml.engine.reference import Reference
from segml.library.features import FEATURES
from segml.night import NightlyRun
from segml.rulebook import Rulebook, RuleLike
from segml.rules.describe import sentence, words
from segml.segments.difference import Difference, difference
from segml.settings import Settings
from segml.storage.lock import writing
from segml.storage.nights import Nights
from segml.storage.warehouse import ImportCount, Warehouse

SAMPLE: Final = 50
Progress = Callable[[str, float], None]


class Workspace:
    """One restaurant's facts, nights and segments.

    Where a method's `as_of` is left out, the latest stored night is meant (`WorkspaceError` when
    there is none). A rule may be a segment's id, a react-querybuilder group or a rule written in
    Python; one with problems raises `RuleRefused`, a name that nothing has `UnknownName`.

    Parameters
    ----------
    folder
        A folder made by `create`.

    Attributes
    ----------
    settings
        How the restaurant counts its days and money.
    segments
        The segments and their rules.
    nights
        The stored nights: features, members, and who came and went.

    Raises
    ------
    WorkspaceError
        If `folder` is no workspace, or its settings cannot be.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not (self.folder / settings_file.FILE).is_file():
            raise WorkspaceError(
                f"{self.folder} is no segml workspace: it has no {settings_file.FILE}. "
                f"Make one with segml init {self.folder}."
            )
        self.settings = settings_file.load(self.folder)
        self._warehouse = Warehouse(
            self.folder / "warehouse",
            time_zone=self.settings.time_zone,
            service_day_start=self.settings.service_day_start,
        )
        self.nights = Nights(self.folder / "nights")
        self.segments = Rulebook(self.folder, self.settings.catalogue)

    @classmethod
    def create(cls, folder: Path | str, settings: Settings | None = None) -> "Workspace":
        """Make a workspace in `folder` and return it; one that is there already is refused."""
        folder = Path(folder)
        if (folder / settings_file.FILE).exists():
            raise WorkspaceError(f"{folder} is a segml workspace already.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            settings_file.save(folder, settings or Settings())
        except OSError as error:
            raise WorkspaceError(
                f"{folder} cannot become a workspace ({error.strerror}). Name a folder that this "
                "user may write to."
            ) from None
        return cls(folder)

    # Facts

    def import_files(
        self,
        files: Sequence[tuple[str, Path | str]] = (),
        *,
        mapping: Path | str | None = None,
        data: Path | str | None = None,
        progress: Callable[[str, int], None] | None = None,
    ) -> dict[str, ImportCount]:
        """Take in files and the sources of a mapping together.

        Parameters
        ----------
        files
            Pairs of a table and a CSV, gzip CSV or Parquet file with canonical columns.
        mapping
            A mapping file, or the name of one that comes with segml.
        data
            The folder of the mapping's files, when it is not the mapping's own.
        progress
            Called with a table and how many rows of the current source were read so far.

        Returns
        -------
        dict[str, ImportCount]
            What became of the rows, by table.

        Raises
        ------
        ImportRefused
            When a source or the mapping cannot be read; nothing has changed.
        """
        from segml.datasets import mapping as mappings  # noqa: PLC0415 (DuckDB loads slowly)
        from segml.datasets.sources import file_source  # noqa: PLC0415

        sources = [file_source(table, Path(file)) for table, file in files]
        if mapping is not None:
            path = Path(mapping)
            if not path.is_file():
                shipped = mappings.shipped_mappings()
                if str(mapping) not in shipped:
                    raise ImportRefused(
                        f"There is no mapping file {mapping}. {near(str(mapping), shipped)} "
                        f"With segml come {', '.join(shipped)}."
                    )
                path = shipped[str(mapping)]
            zone = mappings.mapping_time_zone(path)
            if zone is not None and zone != self.settings.time_zone:
                raise ImportRefused(
                    f"{path} is written for the time zone {zone}, but this workspace counts its "
                    f"days in {self.settings.time_zone}. Make one by segml init --time-zone {zone}."
                )
            sources += mappings.mapping_sources(path, Path(data) if data else None)
        return self.import_facts(sources, progress)

    def import_facts(
        self, sources: Sequence[TableSource], progress: Callable[[str, int], None] | None = None
    ) -> dict[str, ImportCount]:
        """Take in sources together and return what became of their rows, by table."""
        with writing(self.folder):
            return self._warehouse.append(sources, progress)

    def rejects(self) -> pl.LazyFrame:
        """Return every row set aside: table, source, row, column, value, reason, record."""
        return self._warehouse.rejects()

    # Questions

    def engine(self, as_of: date) -> PolarsEngine:
        """Return the production engine over what was known before `as_of`."""
        return PolarsEngine(self.history(as_of), FEATURES, self._stored())

    def history(self, as_of: date) -> History:
        """Return everything known before `as_of`."""
        return History(self._warehouse.tables(), as_of, self._warehouse.has_customers())

    def features(self, names: Sequence[str] = (), *, as_of: date | None = None) -> pl.DataFrame:
        """Return one row per customer: customer_id and fields (all without names), wire units."""
        _check_fields(names)
        chosen = tuple(dict.fromkeys(names)) or tuple(available_features())
        return in_wire_units(self.engine(self._day(as_of)).features(chosen))

    def preview(self, rule: RuleLike, *, as_of: date | None = None) -> Preview:
        """Return the exact count of a rule, what each condition keeps, and 50 of its members."""
        day = self._day(as_of)
        try:
            parsed = self.segments.rule(rule)
        except RuleRefused as refused:
            return Preview(None, None, day, "", (), (), refused.problems)
        leaves = tuple(parsed.leaves())
        predicates = [parsed.lower(day), *(leaf.lower(day) for leaf in leaves)]
        fields = parsed.fields()
        held = self.engine(day).evaluate(predicates, also=fields)
        counts = held.select(pl.col(f"p{i}").sum() for i in range(len(predicates))).row(0)
        sample = held.filter(pl.col("p0")).head(SAMPLE).select("customer_id", *fields)
        return Preview(
            int(counts[0]),
            held.height,
            day,
            sentence(parsed),
            tuple(self._named(in_wire_units(sample), day)),
            tuple(
                Kept(leaf.path, words(leaf), int(kept))
                for leaf, kept in zip(leaves, counts[1:], strict=True)
            ),
        )

    def sql(
        self,
        rule: RuleLike,
        *,
        as_of: date | None = None,
        dialect: str = "duckdb",
    ) -> str:
        """Return a rule as one SQL query over the stored tables, for duckdb, postgres or spark."""
        from segml.engine.sql import members_sql  # noqa: PLC0415 (sqlglot loads slowly)

        day = self._day(as_of)
        return members_sql(
            self.segments.rule(rule).lower(day),
            day,
            features=FEATURES,
            has_customers=self._warehouse.has_customers(),
            dialect=dialect,
        )

    def members(
        self,
        rule: RuleLike,
        *,
        as_of: date | None = None,
        fields: Sequence[str] = (),
    ) -> pl.DataFrame:
        """Return ``customer_id`` and `fields` of the members, ascending, in wire units."""
        _check_fields(fields)
        day = self._day(as_of)
        wanted = tuple(dict.fromkeys(fields))
        held = self.engine(day).evaluate([self.segments.rule(rule).lower(day)], also=wanted)
        return in_wire_units(held.filter(pl.col("p0")).drop("p0"))

    def explain(
        self,
        customer: CustomerId,
        rule: RuleLike,
        *,
        as_of: date | None = None,
    ) -> Explanation:
        """Return why a customer is in a set, or why not, condition by condition."""
        day = self._day(as_of)
        parsed = self.segments.rule(rule)
        history = self.history(day)
        customer = self._known(customer, history)
        predicate = parsed.lower(day)
        ranking = [leaf for leaf in parsed.leaves() if ranks(leaf.lower(day))]
        held = self.engine(day).evaluate([predicate, *(leaf.lower(day) for leaf in ranking)])
        row = held.row(by_predicate=pl.col("customer_id") == customer)
        ranked = {leaf.path: row[2 + i] for i, leaf in enumerate(ranking)}
        reference = Reference.of(history.of(customer), FEATURES)
        found = reasons(parsed, customer, day, reference, ranked)
        label = rule if isinstance(rule, str) else "this rule"
        return Explanation(customer, label, day, bool(row[1]), sentence(parsed), found)

    def diff(
        self,
        name: str,
        rule: RuleLike,
        *,
        as_of: date | None = None,
    ) -> Difference:
        """Return who would enter and leave a segment, and why, if it had another rule."""
        day = self._day(as_of)
        old, new = self.segments.rule(name), self.segments.rule(rule, naming=name)
        predicates = [one.lower(day) for one in (old, new, *old.leaves(), *new.leaves())]
        return difference(old, new, self.engine(day).evaluate(predicates))

    # Nights

    def nightly(self, as_of: date, progress: Progress | None = None) -> NightReport:
        """Compute and publish a night: features, members of every segment, who came and went.

        Idempotent: a night that is stored just so is left alone. A night run between two stored
        ones also renews what the later one says of who came and went.
        """
        with writing(self.folder):
            rules, unavailable = self.segments.rules()
            return NightlyRun(
                self.nights,
                self.history,
                available_features(),
                self._stored(),
                self._warehouse.generation,
                rules,
                unavailable,
                {name: segment.name for name, segment in self.segments.all().items()},
                progress or (lambda _step, _share: None),
            ).run(as_of)

    def _stored(self) -> Callable[[date], pl.LazyFrame | None]:
        """Return the nights whose stored features are what would be computed now."""
        digest = features_digest(available_features())

        def stored(as_of: date) -> pl.LazyFrame | None:
            night = self.nights.all().get(as_of)
            if night is None or night.features != digest:
                return None
            if self._warehouse.stale_since(night.generation, as_of):
                return None
            return self.nights.features(as_of)

        return stored

    def _day(self, as_of: date | None) -> date:
        day = as_of or max(self.nights.all(), default=None)
        if day is None:
            raise WorkspaceError("No night is stored yet, so say which day is meant: give as_of.")
        return day

    def _known(self, customer: CustomerId, history: History) -> CustomerId:
        """Return the id in the workspace's own type; `UnknownName` for a customer not known."""
        universe = history.universe().collect()["customer_id"]
        typed = pl.Series([customer]).cast(universe.dtype, strict=False)[0]
        if typed is None or typed not in universe:
            raise UnknownName("customer", f"{customer}", ())
        return typed  # type: ignore[no-any-return]

    def _named(self, sample: pl.DataFrame, day: date) -> Iterator[dict[str, Any]]:
        if self._warehouse.has_customers():
            people = self.history(day).profiles().select("customer_id", "first_name", "last_name")
            wanted = people.filter(pl.col("customer_id").is_in(sample["customer_id"].implode()))
            names = wanted.collect()
            order = ("customer_id", "first_name", "last_name", *sample.columns[1:])
            joined = sample.join(names, on="customer_id", how="left", maintain_order="left")
            sample = joined.select(order)
        yield from sample.with_columns(pl.col(pl.Date).cast(pl.String)).to_dicts()


def available_features() -> Mapping[str, Feature]:
    """Return the fields that can be computed: all but the scores of models not yet trained."""
    return {
        name: feature for name, feature in FEATURES.items() if not isinstance(feature.form, Score)
    }


def _check_fields(names: Sequence[str]) -> None:
    known = available_features()
    for name in names:
        if name not in FEATURES:
            raise UnknownName("field", name, known)
        if name not in known:
            raise WorkspaceError(f"“{name}” needs a trained model, and there is none yet.")


def in_wire_units(frame: pl.DataFrame) -> pl.DataFrame:
    """Return features as people and files see them: money in whole currency, not minor units."""
    return frame.with_columns(
        quotient(pl.col(name), 10 ** FEATURES[name].scale)
        for name in frame.columns
        if name in FEATURES and FEATURES[name].scale
    )
