"""What Jupyter shows of an answer: well-formed, escaped, in the page's own colours."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import numpy as np
import polars as pl
import pytest

from made_customers import customers, held
from segml import RuleRefused, Segment, Workspace
from segml import fields as f
from segml.core.errors import Problem
from segml.core.markup import bullets, document, folded, joined, meter, paragraph, strong, table
from segml.expressions import Expression
from segml.scoring.discovery import FoundRule, NothingFound, Share
from segml.scoring.gate import Verdict
from segml.scoring.judging import slices
from segml.scoring.lookalike import lookalike
from segml.scoring.model import Model
from segml.scoring.report import Report
from segml.scoring.training import Trained
from segml.verdicts import Evaluation, Training

HOSTILE = "<script>alert('1 & 2')</script>"
NIGHT = date(2026, 1, 1)
VOID = {"meta", "img"}


class Page(HTMLParser):
    """A page's tags, its text, and whether what was opened was closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.tags: list[str] = []
        self.styles: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.opened == []
        self.text = "\n".join(self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.styles += [value or "" for name, value in attrs if name == "style"]
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def shown(answer: Any) -> Page:
    """Return the page of an answer, which must not run scripts or bring colours of its own."""
    page = Page(answer._repr_html_())
    assert "script" not in page.tags
    assert all(re.fullmatch("text-align:(left|right)", style) for style in page.styles)
    return page


def judged(baseline: str = "recency") -> pl.DataFrame:
    """Return forty guests of whom every other one stayed away, as a little was foretold."""
    outcome = np.arange(40) % 2 == 0
    score = np.where(outcome, 1.0, -1.0) + np.linspace(-2, 2, 40)
    return pl.DataFrame(
        {
            "code": np.arange(40),
            "night": [NIGHT] * 40,
            "active": np.arange(40) < 20,
            "outcome": outcome,
            "score": score,
            baseline: score[::-1].copy(),
        }
    )


@pytest.fixture
def training(restaurant: Workspace) -> Training:
    """Return a training whose every text is hostile."""
    spec = restaurant.models.spec("churn")
    certificate = {"all": {"words": HOSTILE}}
    model = Model(
        spec.name, HOSTILE, spec.field, spec.label, 60, {}, NIGHT, "stack", {"age": ""}, (),
        (NIGHT,), {}, {HOSTILE: 1.0}, 0.0, 0.5, certificate,
    )  # fmt: skip
    rows = judged()
    trained = Trained(model, spec, rows, HOSTILE, 40, 0.25)
    return Training(Report(trained, slices(rows), Verdict(False, (HOSTILE,))), 3)


def test_a_card_says_how_many_were_looked_at(training: Training) -> None:
    assert "Looked at: 25.0% of the customers, drawn by lot." in training.report.markdown()
    everybody = replace(training.report.trained, share=1.0)
    assert "drawn by lot" not in replace(training.report, trained=everybody).markdown()


def test_every_part_escapes() -> None:
    parts = [
        joined(HOSTILE),
        strong(HOSTILE),
        paragraph(HOSTILE, strong(HOSTILE)),
        bullets([HOSTILE]),
        folded(HOSTILE, paragraph(HOSTILE)),
        document({HOSTILE: HOSTILE}),
        table([HOSTILE], [[HOSTILE], [[HOSTILE, HOSTILE]]]),
    ]
    for part in parts:
        page = Page(part)
        assert "script" not in page.tags
        assert HOSTILE in page.text


def test_a_table_groups_its_numbers_and_keeps_its_markup() -> None:
    page = Page(table(["id", "n", ""], [[12345, 12345, meter(0.5)]], numbers=["n"]))
    assert page.words == ["id", "n", "12345", "12,345"]
    assert page.styles == ["text-align:left", "text-align:right", "text-align:left"] * 2
    assert "meter" in page.tags


def test_a_preview_shows_its_count_its_conditions_and_its_sample(restaurant: Workspace) -> None:
    found = restaurant.preview(f.city == HOSTILE)
    assert HOSTILE in shown(found).text
    found = restaurant.preview(f.lifetime_spend > 100)
    page = shown(replace(found, sample=({"customer_id": HOSTILE, "tags": [HOSTILE]},)))
    assert f"{found.count:,} of {found.universe:,}" in page.text
    assert page.words.count(HOSTILE) == 2
    assert page.tags.count("meter") == 1
    refused = restaurant.preview({"combinator": "and", "rules": []})
    assert "nobody was counted" in shown(refused).text
    assert HOSTILE in shown(replace(refused, problems=(Problem((), HOSTILE),))).text


def test_an_explanation_shows_what_the_guest_has(restaurant: Workspace) -> None:
    member = restaurant.members("vip-customers")["customer_id"][0]
    told = restaurant.explain(member, "vip-customers")
    assert f"{member} is in vip-customers" in shown(told).text
    reason = replace(told.reasons[0], value=HOSTILE)
    page = shown(replace(told, customer_id=HOSTILE, member=False, reasons=(reason,)))
    assert f"{HOSTILE} is not in vip-customers" in page.text
    assert HOSTILE in page.words


def test_a_night_shows_every_segment(restaurant: Workspace) -> None:
    report = restaurant.nightly(restaurant.latest.day())
    one = replace(report.segments[0], name=HOSTILE)
    waits = replace(report.segments[1], count=None, unavailable=HOSTILE)
    page = shown(replace(report, segments=(one, waits, *report.segments[2:])))
    assert page.words.count(HOSTILE) == 2
    assert page.tags.count("tr") == 1 + len(report.segments)
    assert f"{report.universe:,} guests" in page.text


def test_a_difference_shows_who_moves_and_why(restaurant: Workspace) -> None:
    found = restaurant.diff("at-risk", (f.days_since_last_order > 90) & (f.city != HOSTILE))
    page = shown(found)
    assert f"{len(found.left)} would leave" in page.text
    assert "whose days since the last order is more than 90" in page.words


def test_a_segment_shows_its_rule() -> None:
    rule = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": HOSTILE}]}
    page = shown(Segment("one", HOSTILE, rule, HOSTILE, owner=HOSTILE, saved_at=HOSTILE))
    assert HOSTILE in page.words
    assert f'"value": "{HOSTILE}"' in page.text


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (f.lifetime_spend > 200, "Guests whose lifetime spend is more than 200."),
        (f.city == HOSTILE, f"Guests whose city is “{HOSTILE}”."),
        (f.churn_risk >= 0.5, "Guests whose churn risk is at least 50 %."),
        (f.in_segment("my-own"), "Guests in my-own."),
        (f.entered("my-own", 7), "Guests who entered my-own within the last 7 days."),
    ],
)
def test_a_rule_shows_its_sentence(rule: Expression, words: str) -> None:
    assert shown(rule).text == words


def test_what_is_no_rule_by_itself_shows_its_json() -> None:
    page = shown(f.orders.channel == HOSTILE)
    assert page.tags == ["pre"]
    assert f'"value": "{HOSTILE}"' in page.text


def test_a_training_shows_its_verdict_and_its_figures(training: Training) -> None:
    page = shown(training)
    assert f"{HOSTILE}, version 3: not promoted." in page.words
    assert page.words.count(HOSTILE) == 1
    assert f"Of all customers: {HOSTILE}" in page.words
    assert page.tags.count("table") == 2


def test_a_report_shows_its_pictures(training: Training) -> None:
    page = shown(training.report)
    assert page.tags.count("img") == len(training.report.figures) == 3
    assert f"{HOSTILE}: version" in page.text
    assert Page(training.report.html()).tags.count("img") == 3


def test_an_evaluation_shows_every_baseline() -> None:
    rows = judged(HOSTILE)
    page = shown(Evaluation("churn", 2, NIGHT, 60, slices(rows), rows))
    assert page.words.count(HOSTILE) == 2
    assert "the model" in page.words
    assert "20 active customers, 50.0% with the label" in page.words


def test_a_lookalike_shows_what_it_found_and_how_well() -> None:
    frame = customers(600, seed=1)
    spend = frame["spend_90d"].to_numpy()
    found = lookalike(frame, held(frame, pl.col("lunch_share") >= 0.6), spend=spend, activity=spend)
    page = shown(replace(found, warnings=(HOSTILE,)))
    assert f"{found.seeds} seeds" in page.words
    assert page.words.count(HOSTILE) == 1
    assert {one.words for one in found.differences} <= {*page.words}
    assert page.tags.count("tr") == 1 + len(found.curve.sizes)


def test_the_rule_of_a_list_shows_how_well_it_holds() -> None:
    share = Share(0.5, 0.25, 0.75)
    found = FoundRule({}, HOSTILE, share, share, 0.1, 0.01, 3, 2, 1)
    page = shown(found)
    assert HOSTILE in page.words
    assert page.words.count("25.0% to 75.0%") == 2
    assert shown(NothingFound(HOSTILE)).words == [HOSTILE]


def test_refusals_have_one_voice(restaurant: Workspace) -> None:
    with pytest.raises(RuleRefused) as refused:
        restaurant.members({"combinator": "and", "rules": []})
    told = shown(restaurant.preview({"combinator": "and", "rules": []})).words
    assert [str(one) for one in refused.value.problems] == told[1:]
