"""Tokens: who is known to the service, by secrets of which only the digest is kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, insert, select, update

from segml.core.errors import UnknownName, WorkspaceError
from segml.core.identity import Identity, Role
from segml.storage.records.database import Database
from segml.storage.records.schema import TOKENS

_PREFIX: Final = "segml"
_NOBODY: Final = "0" * 64  # what an unknown id is compared with, so that it takes as long


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret.

    Attributes
    ----------
    identity
        Whom it speaks for.
    created_at, expires_at, revoked_at
        From when and until when it holds; None where it has no end, or was never revoked.
    """

    identity: Identity
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Return whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Tokens:
    """The tokens of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, role: Role, at: datetime, expires: datetime | None = None
    ) -> tuple[Identity, str]:
        """Return who comes to be known, and the secret, which cannot be asked for again.

        Parameters
        ----------
        name
            For people: who or what will use it.
        role
            What it may do.
        at, expires
            When it is made, and when it ends; None for never.
        """
        if not name.strip():
            raise WorkspaceError("A token needs a name, such as “Kim's laptop”.")
        if expires is not None and expires <= at:
            raise WorkspaceError(f"A token that ends at {expires} would never hold.")
        identity = Identity(secrets.token_hex(4), name.strip(), role)
        secret = f"{_PREFIX}_{identity.id}_{secrets.token_urlsafe(32)}"
        with self._database.writing() as connection:
            connection.execute(
                insert(TOKENS).values(
                    id=identity.id,
                    name=identity.name,
                    role=role,
                    digest=_digest(secret),
                    created_at=at,
                    expires_at=expires,
                )
            )
        return identity, secret

    def check(self, secret: str, now: datetime) -> Identity | None:
        """Return whom a secret belongs to; None unless it holds now."""
        prefix, _, rest = secret.partition("_")
        name = rest.partition("_")[0]
        if not name.isalnum():  # databases differ in what else they can look for
            return None
        query = select(TOKENS).where(TOKENS.c.id == name[:16])
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        same = hmac.compare_digest(row["digest"] if row else _NOBODY, _digest(secret))
        if row is None or not same or prefix != _PREFIX:
            return None
        token = _token(row)
        return token.identity if token.holds(now) else None

    def all(self) -> list[Token]:
        """Return every token, the oldest first, those that no longer hold too."""
        query = select(TOKENS).order_by(TOKENS.c.created_at, TOKENS.c.id)
        with self._database.reading() as connection:
            return [_token(row) for row in connection.execute(query).mappings()]

    def revoke(self, name: str, at: datetime) -> None:
        """End the token with an id for good; `UnknownName` when there is none."""
        known = [token.identity.id for token in self.all()]
        if name not in known:
            raise UnknownName("token", name, known)
        query = update(TOKENS).where(TOKENS.c.id == name, TOKENS.c.revoked_at.is_(None))
        with self._database.writing() as connection:
            connection.execute(query.values(revoked_at=at))


def _digest(secret: str) -> str:
    """Return the SHA-256 of a secret; it is random and long, so nothing slower is called for."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: RowMapping) -> Token:
    identity = Identity(row["id"], row["name"], row["role"])
    return Token(identity, row["created_at"], row["expires_at"], row["revoked_at"])
