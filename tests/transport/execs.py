"""An engine that runs commands and keeps archives, as a test wants it."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from typing import Any

from .fake_engine import FakeEngine, Request, full_id, row

ID = full_id(1)
UPGRADED = (
    "Content-Type: application/vnd.docker.raw-stream",
    "Connection: Upgrade",
    "Upgrade: tcp",
)


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


class Execs(FakeEngine):
    """Runs `live` as the process; answers `code` when it is asked how that ended."""

    def __init__(self) -> None:
        super().__init__(containers=[row("web", Id=ID)])
        self.asked: list[tuple[str, dict[str, list[str]], Any]] = []
        self.live: Callable[[Request], Any] = self.hello
        self.states: list[dict[str, Any] | int] = [{"Running": False, "ExitCode": 3}]
        self.headers: dict[str, str] = {}
        self.archive = b""
        self.stored = b""

    async def hello(self, request: Request) -> None:
        request.writer.write(self.upgraded(request) + frame(1, b"hello\n"))

    def upgraded(self, request: Request) -> bytes:
        return request.head(101, *UPGRADED, reason="UPGRADED")

    async def _versioned(self, request: Request, path: str) -> None:
        body = json.loads(request.body) if request.headers.get("content-type") == "application/json" else None
        self.asked.append((f"{request.method} {path}", request.query, body))
        match path.split("/"):
            case ["exec", _, "start"]:
                self.headers = request.headers
                await self.live(request)
                if not request.writer.is_closing():
                    await request.writer.drain()
            case ["exec", _, "json"]:
                state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
                if isinstance(state, int):
                    request.answer(state, {"message": "No such exec instance"})
                else:
                    request.answer(200, state)
            case ["exec", _, "resize"]:
                request.answer(201, {})
            case ["containers", _, "archive"] if request.method == "HEAD":
                stat = {"name": "data", "size": 5, "mode": 0o644, "mtime": "", "linkTarget": ""}
                header = base64.b64encode(json.dumps(stat).encode()).decode()
                request.writer.write(request.head(200, f"X-Docker-Container-Path-Stat: {header}"))
            case ["containers", _, "archive"] if request.method == "GET":
                request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
                for at in range(0, len(self.archive), 1000):
                    request.chunk(self.archive[at : at + 1000])
                    await request.writer.drain()
                request.writer.write(b"0\r\n\r\n")
            case ["containers", _, "archive"]:
                self.stored = request.body
                request.answer(200, {})
            case _:
                await super()._versioned(request, path)
