"""A service asked from Python, with the verbs of a workspace.

::

    restaurant = segml.connect("http://localhost:8080", token)
    restaurant.preview(f.lifetime_spend > 200)

Law kept: an answer over HTTP is the answer of the workspace. What the service refuses raises
`ServiceRefused`, with all problems.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import httpx
import polars as pl

from segml.answers import Explanation, Kept, Preview
from segml.core.errors import Problem, SegmlError
from segml.core.tables import CustomerId
from segml.engine.explain import Reason
from segml.rulebook import RuleLike, wire_of

_PREFIX: Final = "/api/v1"
_PAGE: Final = 500  # members asked for at a time
_PATIENCE: Final = 60.0  # seconds
Json = dict[str, Any]


class ServiceRefused(SegmlError):
    """What a service refused, in its words.

    Attributes
    ----------
    status, kind
        HTTP's status, and the short word of the problem document.
    problems
        Everything that was wrong with a rule.
    request_id
        By which the service's log can be searched.
    """

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.kind = str(document.get("type", ""))
        self.problems = tuple(map(_problem, document.get("problems", ())))
        self.request_id = str(document.get("request_id", ""))
        super().__init__(str(document.get("detail", "The service gave no reason.")))


class Client:
    """One workspace behind a service.

    Parameters
    ----------
    url
        Of the service, such as ``http://localhost:8080``.
    token
        That `segml token create` made.
    transport
        Carries the requests; the network unless given.

    Raises
    ------
    ServiceRefused
        From every method, when the service refuses.
    SegmlError
        When it cannot be reached.
    """

    def __init__(
        self, url: str, token: str, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=_PATIENCE,
            transport=transport,
        )
        self.segments = RemoteSegments(self)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def session(self) -> Json:
        """Return who is asking, and which night answers."""
        return self.ask("GET", "/session")

    def preview(
        self, rule: RuleLike, *, as_of: date | None = None, session: str | None = None
    ) -> Preview:
        """Return the exact count of a rule, as `Workspace.preview` does."""
        wire = self.segments.get(rule)["rule"] if isinstance(rule, str) else wire_of(rule)
        body = {"rule": wire, "as_of": _day(as_of), "session": session}
        told = self.ask("POST", "/preview", body)
        return Preview(
            told["count"],
            told["universe"],
            date.fromisoformat(told["as_of"]),
            told["sentence"],
            tuple(told["sample"]),
            tuple(
                Kept(tuple(one["path"]), one["words"], one["kept"], one["dropped"])
                for one in told["conditions"]
            ),
            tuple(map(_problem, told["problems"])),
            told["reachable"],
        )

    def members(
        self, rule: RuleLike, *, as_of: date | None = None, fields: Sequence[str] = ()
    ) -> pl.DataFrame:
        """Return ``customer_id`` and fields of the members, ascending by id."""
        body = _set(rule) | {"as_of": _day(as_of), "fields": [*fields], "limit": _PAGE}
        rows = [{name: row[name] for name in ("customer_id", *fields)} for row in self._pages(body)]
        return pl.DataFrame(rows, infer_schema_length=None) if rows else _nobody(fields)

    def explain(
        self, customer: CustomerId, rule: RuleLike, *, as_of: date | None = None
    ) -> Explanation:
        """Return why a customer is in a set, or why not, condition by condition."""
        body = _set(rule) | {"customer_id": customer, "as_of": _day(as_of)}
        told = self.ask("POST", "/explain", body)
        return Explanation(
            told["customer_id"],
            told["segment"],
            date.fromisoformat(told["as_of"]),
            told["member"],
            told["sentence"],
            tuple(
                Reason(tuple(one["path"]), *(one[n] for n in ("words", "value", "holds", "wanted")))
                for one in told["conditions"]
            ),
        )

    def sql(self, rule: RuleLike, *, as_of: date | None = None, dialect: str = "duckdb") -> str:
        """Return a rule as one SQL query."""
        wire = self.segments.get(rule)["rule"] if isinstance(rule, str) else wire_of(rule)
        body = {"rule": wire, "as_of": _day(as_of), "dialect": dialect}
        return str(self.ask("POST", "/sql", body)["sql"])

    def overlap(self, segments: Sequence[str] = (), *, as_of: date | None = None) -> pl.DataFrame:
        """Return ``segment`` and a column per segment: how many customers each two share."""
        told = self.ask("GET", "/analytics/overlap", segments=",".join(segments), as_of=_day(as_of))
        names = [one["id"] for one in told["segments"]]
        columns = {name: [row[place] for row in told["shared"]] for place, name in enumerate(names)}
        return pl.DataFrame({"segment": pl.Series(names, dtype=pl.String)} | columns)

    def revenue(self, *, as_of: date | None = None) -> pl.DataFrame:
        """Return ``segment, members, customer_share, spend, revenue_share`` over 365 days."""
        told = self.ask("GET", "/analytics/revenue", as_of=_day(as_of))
        return pl.DataFrame(told["rows"], infer_schema_length=None).drop("name")

    def trend(
        self, segment: str, *, since: date | None = None, until: date | None = None
    ) -> pl.DataFrame:
        """Return ``as_of, count, entered, left`` of a segment on every night that was run."""
        told = self.ask("GET", f"/segments/{segment}/trend", since=_day(since), until=_day(until))
        schema = {"as_of": pl.String, "count": pl.Int64, "entered": pl.Int64, "left": pl.Int64}
        return pl.DataFrame(told["nights"], schema=schema).with_columns(
            pl.col("as_of").str.to_date()
        )

    def scores(
        self,
        model: str,
        customers: Sequence[CustomerId],
        *,
        as_of: date | None = None,
        explained: bool = False,
    ) -> pl.DataFrame:
        """Return ``customer_id, score, band``, with ``reasons`` if explained; null where unknown.

        In the order of `customers`; up to 1,000 of them.
        """
        body = {"customers": [*customers], "models": [model], "reasons": explained}
        told = self.ask("POST", "/score", body | {"as_of": _day(as_of)}, prefix="")
        names = ("score", "band", *(("reasons",) if explained else ()))
        rows = [
            {"customer_id": one["customer_id"]}
            | {name: one["scores"].get(model, {}).get(name) for name in names}
            for one in told["results"]
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def models(self) -> list[Json]:
        """Return every declared model with its latest champion, nulls where there is none."""
        found: list[Json] = self.ask("GET", "/models")["models"]
        return found

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        prefix: str = _PREFIX,
        **query: Any,
    ) -> Json:
        """Return what a route of the API answers; for what has no verb here."""
        asked = {name: value for name, value in query.items() if value not in (None, "")}
        answer = self.send(method, prefix + path, json=body, params=asked)
        if answer.is_success:
            found: Json = answer.json() if answer.content else {}
            return found
        raise ServiceRefused(answer.status_code, _document(answer))

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Return the answer to one request, whatever its status; `content` is as HTTPX takes it."""
        try:
            return self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise SegmlError(
                f"{self._http.base_url} does not answer ({error}). See that segml serve runs there."
            ) from None

    def _pages(self, body: Json) -> Iterator[Json]:
        cursor = None
        while True:
            told = self.ask("POST", "/members", body | {"cursor": cursor})
            yield from told["members"]
            cursor = told["next"]
            if cursor is None:
                return


class RemoteSegments:
    """The segments behind a service."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def all(self, *, as_of: date | None = None) -> dict[str, Json]:
        """Return every segment by id, with its size on a night."""
        told = self._client.ask("GET", "/segments", as_of=_day(as_of))
        return {one["id"]: one for one in told["segments"]}

    def get(self, name: str) -> Json:
        """Return a segment."""
        return self._client.ask("GET", f"/segments/{name}")

    def save(
        self,
        name: str,
        rule: RuleLike,
        *,
        title: str = "",
        description: str = "",
        tags: Sequence[str] = (),
    ) -> Json:
        """Save a rule as the next version of a segment and return it."""
        wire = self.get(rule)["rule"] if isinstance(rule, str) else wire_of(rule)
        known = self.all().get(name)
        told: Json = {"rule": wire}
        told |= {"description": description} if description else {}
        told |= {"tags": [*tags]} if tags else {}
        if known is None:
            told |= {"id": name, "name": title or name.replace("-", " ").capitalize()}
            return self._client.ask("POST", "/segments", told)
        told |= {"name": title} if title else {}
        return self._client.ask("PUT", f"/segments/{name}", told | {"version": known["version"]})

    def delete(self, name: str) -> None:
        """Delete a segment that no other refers to."""
        self._client.ask("DELETE", f"/segments/{name}")

    def versions(self, name: str) -> list[Json]:
        """Return every version of a segment, the oldest first."""
        found: list[Json] = self._client.ask("GET", f"/segments/{name}/versions")["versions"]
        return found


def connect(url: str, token: str) -> Client:
    """Return a service to ask, with the verbs of a workspace; see `Client`."""
    return Client(url, token)


def _set(rule: RuleLike) -> Json:
    return {"segment": rule} if isinstance(rule, str) else {"rule": wire_of(rule)}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _problem(plain: Mapping[str, Any]) -> Problem:
    return Problem(tuple(plain["path"]), plain["message"], plain["hint"])


def _document(answer: httpx.Response) -> Json:
    try:
        found: Json = answer.json()
    except ValueError:
        return {"detail": f"The service answered {answer.status_code} without a reason."}
    return found


def _nobody(fields: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("customer_id", *fields), pl.Null))
