"""A request as it is sent: method, target, head and body."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP/1.1 request."""

    target: str
    """Path and query, quoted."""
    method: str = "GET"
    headers: tuple[str, ...] = ()
    """`Name: value`, besides the usual ones."""
    body: bytes = b""

    @classmethod
    def of(cls, target: str | Request) -> Request:
        """A GET where only a target is given."""
        return cls(target) if isinstance(target, str) else target

    @classmethod
    def post(cls, target: str, document: object = None, *headers: str) -> Request:
        """A POST of a JSON document; without one it has no body."""
        if document is None:
            return cls(target, "POST", (*headers, "Content-Length: 0"))
        body = json.dumps(document).encode()
        kind = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        return cls(target, "POST", (*headers, *kind), body)

    def encoded(self) -> bytes:
        """Raises ValueError (UnicodeError) for a target or header that is not quoted."""
        fields = ("Host: docker", "User-Agent: dockcon", *self.headers)
        head = "\r\n".join((f"{self.method} {self.target} HTTP/1.1", *fields, "", ""))
        return head.encode("ascii") + self.body
