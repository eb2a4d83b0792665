"""A workspace: one restaurant's facts, nights and segments in a folder, and what to do with them.

This room wires the others together and holds the use cases; the command line, the pipelines and
notebooks call it. Law kept: a count, a list and a file of members come from one evaluation.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from segml import settings as settings_file
from segml.analytics import Analytics
from segml.answers import Explanation, NightReport, Preview
from segml.campaigns import Campaigns
from segml.champions import Champions
from segml.core.errors import RuleRefused, WorkspaceError
from segml.core.predicates import field_names
from segml.core.tables import MONEY_SCALE, CustomerId
from segml.engine.arithmetic import quotient
from segml.engine.batches import TableSource
from segml.engine.bitmaps import Words
from segml.engine.cache import Cache
from segml.engine.history import History
from segml.engine.sets import SetEngine
from segml.explaining import explanation
from segml.exporting import Exporting
from segml.latest import Latest
from segml.library.features import FEATURES
from segml.night import NightlyRun
from segml.people import People
from segml.previewing import counted
from segml.privacy import Privacy
from segml.rulebook import Rulebook, RuleLike
from segml.segments.difference import Difference, difference
from segml.sessions import Sessions
from segml.settings import Settings
from segml.storage.buckets import State
from segml.storage.facts import Facts
from segml.storage.lock import writing
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments
from segml.storage.nights import Nights
from segml.storage.records.place import ever_written
from segml.storage.warehouse import ImportCount, Warehouse
from segml.units import available_features, check_fields, in_wire_units

if TYPE_CHECKING:
    from segml.lookalikes import Lookalikes
    from segml.modelling import Modelling
    from segml.scoring.discovery import FoundRule, NothingFound
    from segml.scoring.drift import Drift
    from segml.storage.records.records import Records

PATIENCE: Final = 60.0  # seconds
Progress = Callable[[str, float], None]


class Workspace:
    """One restaurant's facts, nights and segments.

    Where a method's `as_of` is left out, the latest stored night is meant whose files are whole
    (`WorkspaceError` when there is none). A rule may be a segment's id, a react-querybuilder group
    or a rule written in Python; one with problems raises `RuleRefused`, a name that nothing has
    `UnknownName`.

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
    facts
        The customers by code, and what is known of them.
    cache
        What was worked out and may be asked again.
    latest
        The newest night whose files are whole, and those that are skipped for it.
    analytics, people
        What segments say about each other; the customers one by one.
    exporting, campaigns
        Members as CSV files; campaigns planned.

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
        self.cache = Cache(self.settings.memory_mb * 1_000_000)
        self.facts = Facts(self._warehouse, self._arranged, self.cache)
        self._champions = Champions(self.folder)
        self._moments = Moments(
            self.folder / "snapshots", self.facts, available_features(), self.cache, self._champions
        )
        self.latest = Latest(self.nights, self._moments)
        self._sessions = Sessions()
        saved = partial(ever_written, self.folder, self.settings.catalogue)
        self.segments = Rulebook(self.folder, self._champions, saved, lambda: self.records)
        self.exporting = Exporting(self.segments, self._moments, self._champions, self._day)
        self.campaigns = Campaigns(self.segments, self._moments, self._day)
        self.analytics = Analytics(self.nights, self._moments, self.segments, self._ids)
        self.people = People(self._moments, self.segments, self._day)

    @cached_property
    def models(self) -> "Modelling":
        """Return the models: taught, judged, promoted, asked."""
        from segml.modelling import Modelling  # noqa: PLC0415 (what learns loads slowly)
        from segml.storage.tracking import Tracking  # noqa: PLC0415

        tracking = Tracking(self.folder, self.settings.tracking)
        return Modelling(self.folder, self._champions, self.history, self._moments, tracking)

    @cached_property
    def lookalikes(self) -> "Lookalikes":
        """Return who is most like some customers: found, judged, saved."""
        from segml.lookalikes import Lookalikes  # noqa: PLC0415 (what learns loads slowly)

        return Lookalikes(self.folder, self._champions, self._moments, self.segments, self._day)

    @cached_property
    def privacy(self) -> Privacy:
        """Return what guests may ask for: to see what is held of them, and to be erased."""
        saved = partial(ever_written, self.folder, self.settings.catalogue)
        parts = (self._warehouse, self._moments, self.nights, self._champions, self.segments)
        return Privacy(self.folder, *parts, lambda: self.records if saved() else None)

    @cached_property
    def records(self) -> "Records":
        """Return what people and runs left behind: tokens, audit, webhooks, runs and others."""
        from segml.storage.records.records import Records  # noqa: PLC0415 (SQLAlchemy is slow)

        return Records(self.folder, self.settings.catalogue)

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
            sources += mappings.found_sources(mapping, data, self.settings.time_zone)
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

    def engine(self, as_of: date) -> SetEngine:
        """Return the production engine at a date: rules as sets of customer codes."""
        return SetEngine(self._moments.at(as_of), self.cache)

    def history(self, as_of: date) -> History:
        """Return everything known before `as_of`."""
        return History(self._warehouse.tables(), as_of, self._warehouse.has_customers())

    def features(self, names: Sequence[str] = (), *, as_of: date | None = None) -> pl.DataFrame:
        """Return one row per customer: customer_id and fields (all without names), wire units."""
        self._check(names)
        chosen = tuple(dict.fromkeys(names)) or tuple(self._moments.features)
        moment = self._moments.at(self._day(as_of)).need(chosen)
        return in_wire_units(moment.rows(moment.sorted(moment.known()), chosen))

    def preview(
        self, rule: RuleLike, *, as_of: date | None = None, session: Hashable = None
    ) -> Preview:
        """Return the exact count of a rule, what each condition keeps, and 50 of its members.

        Parameters
        ----------
        rule, as_of
            What is asked.
        session
            Whoever edits, such as a browser's tab. A newer preview of the same session ends an
            older one that is still evaluated: that one raises `Superseded`.
        """
        day = self._day(as_of)
        try:
            parsed = self.segments.rule(rule)
        except RuleRefused as refused:
            return Preview(None, None, day, "", (), (), refused.problems)
        superseded = self._sessions.newest(session)
        moment = self._moments.at(day, superseded.check)
        return counted(parsed, moment, SetEngine(moment, self.cache, superseded), self.people)

    def sql(self, rule: RuleLike, *, as_of: date | None = None, dialect: str = "duckdb") -> str:
        """Return a rule as one SQL query over the stored tables, for duckdb, postgres or spark."""
        from segml.engine.sql import members_sql  # noqa: PLC0415 (sqlglot loads slowly)

        day = self._day(as_of)
        lowered = self.segments.rule(rule).lower(day)
        scores = sorted({*field_names(lowered)} & {*self._champions.trained()})
        if scores:
            raise WorkspaceError(
                f"{', '.join(scores)} is what a model says and stands in no table, so this rule "
                "has no SQL. Write the members to a file instead: segml members … -o FILE."
            )
        return members_sql(
            lowered,
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
        self._check(fields)
        day = self._day(as_of)
        wanted = tuple(dict.fromkeys(fields))
        moment = self._moments.at(day)
        held = SetEngine(moment, self.cache).members(self.segments.rule(rule).lower(day))
        return in_wire_units(moment.rows(moment.sorted(held), wanted))

    def explain(
        self, customer: CustomerId, rule: RuleLike, *, as_of: date | None = None
    ) -> Explanation:
        """Return why a customer is in a set, or why not, condition by condition."""
        label = rule if isinstance(rule, str) else "this rule"
        moment = self._moments.at(self._day(as_of))
        scores = self._champions.trained()
        return explanation(customer, self.segments.rule(rule), label, moment, scores)

    def diff(self, name: str, rule: RuleLike, *, as_of: date | None = None) -> Difference:
        """Return who would enter and leave a segment, and why, if it had another rule."""
        day = self._day(as_of)
        old, new = self.segments.rule(name), self.segments.rule(rule, naming=name)
        moment = self._moments.at(day)
        ids = partial(self._ids, moment)
        return difference(old, new, day, SetEngine(moment, self.cache).members, ids)

    def rule_of_list(
        self, customers: Sequence[CustomerId], *, as_of: date | None = None
    ) -> "FoundRule | NothingFound":
        """Return a short rule that tells listed customers from the others, or why there is none."""
        return self.lookalikes.rule_of_list(customers, as_of=as_of)

    def overlap(self, segments: Sequence[str] = (), *, as_of: date | None = None) -> pl.DataFrame:
        """Return ``segment`` and a column per segment: how many customers each two share."""
        return self.analytics.overlap(self._day(as_of), segments)

    def revenue(self, segments: Sequence[str] = (), *, as_of: date | None = None) -> pl.DataFrame:
        """Return ``segment, members, customer_share, spend, revenue_share`` over 365 days."""
        found = self.analytics.revenue(self._day(as_of), segments)
        return found.with_columns(quotient(pl.col("spend"), 10**MONEY_SCALE).alias("spend"))

    def trend(
        self, segment: str, *, since: date | None = None, until: date | None = None
    ) -> pl.DataFrame:
        """Return ``as_of, count, entered, left`` of a segment on every night that was run."""
        return self.analytics.trend(segment, since, until)

    def moves(self, segment: str, start: date, end: date) -> tuple[pl.Series, pl.Series]:
        """Return who entered and who left a segment from one date to another, ascending."""
        return self.analytics.moves(segment, start, end)

    # Nights

    def nightly(self, as_of: date, progress: Progress = lambda _step, _share: None) -> NightReport:
        """Compute and publish a night: features, members of every segment, who came and went.

        Idempotent: a night that is stored just so is left alone. A night run between two stored
        ones also renews what the later one says of who came and went.
        """
        with writing(self.folder):
            self._warehouse.arrange(lambda share: progress("arranging facts", 0.3 * share))
            notes = self._watched(as_of)
            report = NightlyRun.of(
                self.nights,
                self._moments,
                self.segments,
                lambda step, share: progress(step, 0.3 + 0.7 * share),
            ).run(as_of)
            progress("looking back", 1.0)
            report = replace(report, notes=notes, drift=self._drift(as_of))
            newest = sorted(self.nights.all(), reverse=True)[: self.settings.nights_kept]
            self._moments.keep(from_day=min(newest))
            return report

    def _watched(self, as_of: date) -> tuple[str, ...]:
        if not self._champions.trained():
            return ()
        from segml.watching import watch  # noqa: PLC0415 (what learns loads slowly)

        return watch(self._champions, as_of, self.history, self._moments)

    def _drift(self, as_of: date) -> "tuple[Drift, ...]":
        from segml.drifting import measure  # noqa: PLC0415 (SciPy loads slowly)

        return measure(self.folder / "profiles", self._champions, self._moments, as_of)

    def _arranged(self) -> State:
        # A question waits for an import or a night to let go of the facts.
        with writing(self.folder, PATIENCE):
            return self._warehouse.arrange()

    def _day(self, as_of: date | None) -> date:
        return as_of or self.latest.day()

    def _check(self, names: Sequence[str]) -> None:
        check_fields(names, self._champions.fields(), self._champions.trained())

    def _ids(self, moment: StoredMoment, held: Words) -> pl.Series:
        return moment.rows(moment.sorted(held), ())["customer_id"]
