"""What only a person can answer while a host is being connected."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.model.text import NOTHING, SafeText


class QuestionKind(StrEnum):
    HOST_KEY = "host-key"
    """Answered by ("yes",)."""
    PASSPHRASE = "passphrase"
    PASSWORD = "password"
    CODE = "code"
    """Keyboard-interactive prompts of the server: one-time codes and the like."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing to type; `echo` is false for what must not be shown."""

    text: SafeText
    echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Asked of the operator; answered by one string per prompt, or None for "no"."""

    kind: QuestionKind
    host: str
    """The host of hosts.yml that is being connected."""
    hop: str
    """Which machine on the way asks: the host itself or a jump host, as an operator would type it."""
    title: SafeText
    text: SafeText
    """Full sentences: for a host key its type, fingerprint (SHA256:...), address and path through jumps."""
    prompts: tuple[Prompt, ...] = ()
    fingerprint: SafeText = NOTHING
    file: str = ""
    """For a host key: the known_hosts file it would be written to. For a passphrase: the key file."""
