"""One login: what asyncssh asks during it, answered from keys or by the operator."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import asyncssh

from console.errors import AnswerNeeded
from console.model.questions import Prompt, Question, QuestionKind
from console.model.text import SafeText, safe, sanitise
from console.transport.base import Prompter
from console.transport.keys import TRIES, Offer, Offered
from console.transport.sshconfig import Hop

ROUNDS = 20
"""Rounds of keyboard-interactive questions in one login; a host that wants more is left alone."""


def needed(host: str, what: str) -> AnswerNeeded:
    """Only a person can go on, and none is there to be asked."""
    return AnswerNeeded(host, what, next_step=f"run `dockcon --host {host} check` on a terminal")


class Allowance:
    """A time limit that stands still while a person is thinking, and begins anew after the answer: a host
    takes seconds over a wrong password on purpose.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout: asyncio.Timeout | None = None

    @asynccontextmanager
    async def limit(self) -> AsyncIterator[None]:
        """Raise TimeoutError when the time is used up."""
        async with asyncio.timeout(self._seconds) as self._timeout:
            try:
                yield
            finally:
                self._timeout = None

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Do not count the time inside."""
        timeout = self._timeout
        if timeout is None or timeout.expired():
            yield
            return
        timeout.reschedule(None)
        try:
            yield
        finally:
            if self._timeout is timeout and not timeout.expired():
                timeout.reschedule(asyncio.get_running_loop().time() + self._seconds)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who can be asked on behalf of one host, and what for."""

    host: str
    prompter: Prompter | None

    async def ask(self, question: Question) -> tuple[str, ...] | None:
        """Put the question; None is no. Raises AnswerNeeded when there is nobody to ask."""
        if self.prompter is None:
            raise needed(self.host, question.title)
        return await self.prompter.ask(question)

    async def passphrase(self, hop: Hop, path: str, attempt: int) -> str | None:
        """Ask for the passphrase of a key file, the `attempt`-th time."""
        answers = await self.ask(
            Question(
                kind=QuestionKind.PASSPHRASE,
                host=self.host,
                hop=hop.label,
                title=sanitise(f"{hop.label} wants the key {path}, which needs a passphrase", 200),
                text=safe(_again(attempt) + "It is kept in memory until dockcon ends, and written nowhere."),
                prompts=(Prompt(safe("Passphrase")),),
                file=path,
            )
        )
        return answers[0] if answers else None


def _again(attempt: int) -> str:
    if attempt == 1:
        return ""
    left = TRIES - attempt + 1
    return f"That was wrong; {left} {'try' if left == 1 else 'tries'} left. "


@dataclass(slots=True)
class Watch:
    """Notes when a connection last heard of its host."""

    heard: float = field(default_factory=time.monotonic)
    bytes: int = 0
    opening: bytearray = field(default_factory=bytearray)
    """The first of it: what a server says instead of its greeting, when it turns us away."""

    def attach(self, connection: asyncssh.SSHClientConnection) -> None:
        """Look at every byte from here on, whatever carries the connection: TCP, a tunnel, a proxy."""
        deliver = connection.data_received

        def data_received(data: bytes, datatype: int | None = None) -> None:
            self.heard = time.monotonic()
            self.bytes += len(data)
            if len(self.opening) < 200:
                self.opening += data[:200]
            deliver(data, datatype)

        # asyncio and a tunnel's channel both look the method up on the object at each delivery.
        setattr(connection, "data_received", data_received)  # noqa: B010 - mypy allows no assignment to a method

    def idle(self) -> float:
        """Seconds since the last byte."""
        return time.monotonic() - self.heard


class Login(asyncssh.SSHClient):
    """asyncssh's view of us for one connection; remembers what happened for the messages.

    Nothing that was answered is kept.
    """

    def __init__(self, hop: Hop, offer: Offer, asker: Asker, allowance: Allowance) -> None:
        self.watch = Watch()
        self.end: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.connected = False
        """Whether the socket, tunnel or proxy was there."""
        self.greeted = False
        """Whether what ended had said that it was an SSH server."""
        self.turned_away = False
        """The other end hung up before it said what it is."""
        self.shown: asyncssh.SSHKey | None = None
        """The host key that nothing vouches for."""
        self.foreign_authority = False
        """The host showed a certificate of an authority that is not known."""
        self.tried: list[str] = []
        self.unanswered: list[str] = []
        """What the host would take, if only somebody could be asked."""
        self.declined = False
        """The operator was asked and said no."""
        self.attempts = 0
        """Passwords and codes that were given."""
        self.expired = False
        """The password is right, but the host wants another one from now on."""
        self.gave_up = False
        """The host ended the connection while the operator was being asked."""
        self.banner = SafeText("")
        self.methods: list[str] = []
        """How the host lets people in, as far as it said."""
        self._hop = hop
        self._keys: Iterator[Offered] = iter(offer.keys)
        self._asker = asker
        self._allowance = allowance
        self._connection: asyncssh.SSHClientConnection | None = None
        self._rounds = 0
        self._complain = False

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn
        self.connected = True
        self.watch.attach(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self.greeted = self._connection.get_extra_info("server_version") is not None
            self.turned_away = not self.greeted and isinstance(exc, asyncssh.ConnectionLost)
        self._note_methods()
        self._connection = None
        if not self.end.done():
            self.end.set_result(exc)

    def auth_banner_received(self, msg: str, lang: str) -> None:
        self.banner = sanitise(msg.strip(), 300)

    # Host keys: refuse, and remember what was shown; the decision is taken outside.

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.shown = key
        return False

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.foreign_authority = True
        return False

    # Ways to log in; None leads to the next one.

    def public_key_auth_requested(self) -> asyncssh.SSHKeyPair | None:
        item = next(self._keys, None)
        self._note_methods()
        if item is None:
            return None
        self.tried.append(item.name)
        return item.pair

    async def password_auth_requested(self) -> str | None:
        answers = await self._ask(
            QuestionKind.PASSWORD, "a password", "", (Prompt(safe("Password")),), counts=True
        )
        return answers[0] if answers else None

    def password_change_requested(self, prompt: str, lang: str) -> tuple[str, str]:
        self.expired = True
        return NotImplemented  # type: ignore[no-any-return]  # asyncssh's way to say no

    def kbdint_auth_requested(self) -> str | None:
        self._note_methods()
        if self._asker.prompter is None:
            self.unanswered.append("a password or code")
            return None
        return "" if self._may_try() else None

    async def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        if not prompts:
            return []
        self._rounds += 1
        if self._rounds > ROUNDS:
            return None
        wanted = tuple(Prompt(sanitise(text.strip(), 200), echo) for text, echo in prompts)
        secret = len(wanted) == 1 and not wanted[0].echo
        password = secret and re.search(r"pass(word|wort|phrase)|mot de passe|contrase", wanted[0].text, re.I)
        kind = QuestionKind.PASSWORD if password else QuestionKind.CODE
        said = sanitise(". ".join(part for part in (name.strip(), instructions.strip()) if part), 1000)
        answers = await self._ask(kind, "a password" if password else "an answer", said, wanted, counts=False)
        return list(answers) if answers else None

    async def _ask(
        self, kind: QuestionKind, what: str, said: str, prompts: tuple[Prompt, ...], *, counts: bool
    ) -> tuple[str, ...] | None:
        """Ask the operator on behalf of the host, with the clock stopped."""
        self._note_methods()
        if self._asker.prompter is None:
            self.unanswered.append(what)
            return None
        if counts and not self._may_try():
            return None
        host_says = f"The host says: {said}. " if said else ""
        question = Question(
            kind=kind,
            host=self._asker.host,
            hop=self._hop.label,
            title=sanitise(f"{self._hop.where} asks for {what}", 200),
            text=sanitise((_again(self.attempts) if self._complain else "") + host_says),
            prompts=prompts,
        )
        self._complain = False
        try:
            with self._allowance.pause():
                answers = await self._asker.ask(question)
        except asyncio.CancelledError:
            self.gave_up = True
            raise
        if answers is None or len(answers) != len(prompts):
            self.declined = True
            return None
        return answers

    def _may_try(self) -> bool:
        """Count one more password or code, unless there were enough."""
        if self.declined or self.attempts >= TRIES:
            return False
        self.attempts += 1
        self._complain = self.attempts > 1
        return True

    def _note_methods(self) -> None:
        if self._connection is not None:
            offered = self._connection.get_server_auth_methods()
            self.methods += [name for name in offered if name not in (*self.methods, "none")]
