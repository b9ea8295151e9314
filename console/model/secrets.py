"""Hide what must not be seen on a shared screen, in a log, an audit file or an incident bundle.

Environment values are hidden unless their name is on a short list of harmless ones; labels, driver options
and other keys are hidden where their name says that they are secret; commands and free text lose what looks
like a secret (`--password=x`, `-p x`, `user:secret@` in URLs, well-known tokens, private keys). What is
secret by its name is also hidden wherever else it stands in the same document.

Everything is sanitised before it is looked at: an invisible character inside `pass<>word=` must not hide it
from us. It errs on the side of hiding: a mask too many costs a key press, one too few cannot be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from console.model.text import LIMIT, NOTHING, SafeText, safe, sanitise

HIDDEN = safe("***")

_ECHO = 6
"""A hidden value of at least this length is also hidden elsewhere in the document; shorter ones are words."""
_DEPTH = 60
"""Of nested lists and mappings in a document; engines send about eight."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_PART = re.compile(
    r"pass|pwd|pw|psk|otp|pin|jwt|dsn|auth|bearer|cookies?|creds?|salt|seed|signature",
)
_SECRET_STEM = re.compile(
    r"password|passwd|passphrase|passcode|requirepass|userpass|masterpass|masterauth|secret|token|credential"
    r"|(?:api|access|private|account|auth|ssh|signing|encryption|master|licen[cs]e)key"
    r"|connectionstring|htpasswd|basicauth|authorization"
)
_HARMLESS = frozenset({"sandboxkey"})

_OPEN_ENV = re.compile(
    r"PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|HOME|HOSTNAME|PWD|SHELL|TERM|USER|PUID|PGID|UMASK|LOG_?LEVEL"
    r"|DEBIAN_FRONTEND|\w+_VERSION"
)
_OPEN_ADDRESS = re.compile(r"PORT|HOST|\w+_(?:PORT|HOST)")
_ADDRESS = re.compile(r"[\w.:/,\[\]*-]*")
"""A host, a port, or `tcp://10.0.0.2:5432`; anything else under such a name is hidden."""
_OPEN_OPTION = re.compile(
    r"(?i:max-size|max-file|max-buffer-size|mode|compress|cache-[a-z-]+|type|device|scope|parent|mtu|tag"
    r"|com\.docker\.network\.\S+|subnet|gateway|labels(?:-regex)?|env(?:-regex)?)"
)

_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*-----|$)")
_USERINFO = re.compile(r"(?<=://)(?:[^\s:/@\"'<>]*:[^\s\"'<>]*|[^\s:/@\"'<>]+)(?=@)")
_TOKEN = re.compile(
    r"(?<!\w)(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abeoprs]-[\w-]{8,}|sk-[\w-]{20,}|[sr]k_(?:live|test)_\w{10,}|dckr_pat_[\w-]{10,}|hv[sbr]\.[\w-]{20,}"
    r"|npm_\w{30,}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?)"
    r"|\$(?:apr1|2[abxy]|5|6|y|argon2\w*)\$[^\s:,\"']+"
)
_SCHEME = re.compile(r"(?i)(?:bearer|basic|digest|negotiate|token|aws4-hmac-sha256)\s+(?=\S)")
_NAME = re.compile(r"(?<![\w.-])([\w.-]+)[\"'\\\])]*\s*[=:]>?\s*")
_FLAG = re.compile(r"(?<!\S)(--?[A-Za-z][\w.-]*)\s+")
_VALUE = re.compile(r"(?P<q>\\*[\"'])(?:\\.|.)*?(?:(?P=q)|\Z)[^\s,;)}\]]*|\S+", re.DOTALL)
_COOKIES = re.compile(r"[^\"']+")
_FINGERPRINT = re.compile(r"(?:SHA256|MD5):\S")
_LOGIN = re.compile(r"(?<!\S)((?:-u|--user)(?:\s+|=)?)([^\s:\"'=-][^\s:\"']*:)(\S+)")
_ATTACHED = re.compile(r"mysql|mariadb|sshpass|redis-cli|smbclient")
_ENV_FLAGS = frozenset({"-e", "--env", "-env"})
_ARGV_KEYS = frozenset({"cmd", "entrypoint", "args", "test", "shell", "onbuild"})
_COMMAND_KEYS = frozenset({"command", "path", "entrypoint", "createdby"})
_OPTION_KEYS = frozenset({"options", "driveropts"})


@lru_cache(maxsize=4096)
def secret_name(name: str) -> bool:
    """Whether a variable, key, label or flag of this name holds a secret: `DB_PASSWORD`, `dbPassword`, ..."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    joined = "".join(parts)
    if joined in _HARMLESS:
        return False
    if _SECRET_STEM.search(joined) or any(map(_SECRET_PART.fullmatch, parts)):
        return True
    return bool(parts) and parts[-1] in ("key", "keys") and "public" not in parts


def mask_text(text: str, limit: int = LIMIT) -> SafeText:
    """Free text (an error, a health check's output, a line of our log), sanitised and without secrets."""
    return _Mask().text(sanitise(text, limit))


def mask_command(line: str) -> SafeText:
    """A command as one string, as the engine's list has it."""
    return _Mask().command(sanitise(line))


def mask_argv(argv: Iterable[str]) -> tuple[SafeText, ...]:
    """A command as its arguments."""
    return tuple(_Mask().argv([sanitise(a) for a in argv]))


def mask_env(env: Iterable[str]) -> tuple[SafeText, ...]:
    """`NAME=value` entries: values are hidden unless the name is on the list of harmless ones."""
    mask = _Mask()
    return tuple(mask.env(sanitise(entry)) for entry in env)


def mask_labels(labels: Mapping[str, str]) -> dict[str, SafeText]:
    """Labels: values are hidden by their key, and what looks like a secret inside the others."""
    mask = _Mask()
    return {(name := sanitise(key)): mask.named(name, sanitise(value)) for key, value in labels.items()}


def mask_document(document: object, *, reveal: bool = False) -> object:
    """A sanitised copy of a JSON document (an inspect, an info, an event) with its secrets hidden.

    With `reveal` it is only sanitised: for the moment an operator asked to see them. Values that JSON does
    not know become text. Nested deeper than 60, the rest is cut off.
    """
    mask = _Mask()
    copy = _walk(document, "", None if reveal else mask, _DEPTH)
    echoes = sorted((f for f in mask.found if len(f) >= _ECHO), key=len, reverse=True)
    if not echoes:
        return copy
    return _without(copy, re.compile("|".join(map(re.escape, echoes))))


def secret_values(document: object) -> frozenset[str]:
    """What is secret by its name in a JSON document, to be hidden in other texts too; no short words."""
    mask = _Mask()
    _walk(document, "", mask, _DEPTH)
    return frozenset(found for found in mask.found if len(found) >= _ECHO)


def _walk(value: object, key: str, mask: _Mask | None, depth: int) -> object:
    """Copy `value`, which stands under `key`."""
    if value is None or isinstance(value, bool | int | float):
        return value
    folded = key.casefold()
    if isinstance(value, Mapping | list | tuple):
        if not depth:
            return safe("(nested too deeply)")
        if isinstance(value, Mapping):
            return {
                (name := sanitise(str(k))): _member(folded, name, v, mask, depth - 1)
                for k, v in value.items()
            }
        if mask and all(isinstance(v, str) for v in value):
            if folded == "env":
                return [mask.env(sanitise(entry)) for entry in value]
            if folded in _ARGV_KEYS:
                return mask.argv([sanitise(argument) for argument in value])
        return [_walk(v, key, mask, depth - 1) for v in value]
    text = sanitise(str(value))
    if mask is None:
        return text
    return mask.command(text) if folded in _COMMAND_KEYS | _ARGV_KEYS else mask.named(key, text)


def _member(parent: str, name: SafeText, value: object, mask: _Mask | None, depth: int) -> object:
    """One member of the mapping that stands under `parent` (in lower case)."""
    if mask and isinstance(value, str):
        if parent == "env":
            return mask.env(f"{name}={sanitise(value)}").partition("=")[2]
        if parent in _OPTION_KEYS:
            return mask.option(name, sanitise(value))
    # The options of a log driver stand under a word that means something else everywhere else.
    return _walk(value, "options" if parent == "logconfig" and name == "Config" else name, mask, depth)


def _without(value: object, echoes: re.Pattern[str]) -> object:
    """A copy in which no text holds what was hidden elsewhere."""
    if isinstance(value, str):
        return safe(echoes.sub(HIDDEN, value))
    if isinstance(value, dict):
        return {echoes.sub(HIDDEN, k): _without(v, echoes) for k, v in value.items()}
    if isinstance(value, list):
        return [_without(v, echoes) for v in value]
    return value


class _Mask:
    """Masks sanitised text and remembers what it hid because of its name."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def hide(self, value: str) -> SafeText:
        """Hide a value that is secret by its name; an empty one shows that it is empty."""
        if not value:
            return NOTHING
        self.found.add(value)
        self.found.add(value.strip("\\\"' ,;)}]") or value)
        return HIDDEN

    def named(self, name: str, value: str) -> SafeText:
        """The value of a key or label."""
        return self.hide(value) if secret_name(name) else self.text(value)

    def option(self, name: str, value: str) -> SafeText:
        """An option of a log, volume or network driver: secrets have a hundred names there."""
        if _OPEN_OPTION.fullmatch(name) and not secret_name(name):
            return self.text(value)
        return self.hide(value)

    def env(self, entry: str) -> SafeText:
        """One `NAME=value` entry of an environment."""
        name, equals, value = entry.partition("=")
        if not equals:
            return safe(name)
        if not secret_name(name):
            if _OPEN_ENV.fullmatch(name) or (_OPEN_ADDRESS.fullmatch(name) and _ADDRESS.fullmatch(value)):
                return safe(f"{name}={self.text(value)}")
            # Hidden, but not a secret for sure: `MODE=production` must not blank the word everywhere.
            return safe(f"{name}={HIDDEN if value else ''}")
        return safe(f"{name}={self.hide(value)}")

    def text(self, text: str) -> SafeText:
        """Free text."""
        text = _PEM.sub(HIDDEN, text)
        text = _USERINFO.sub(self._userinfo, text)
        text = _TOKEN.sub(HIDDEN, text)
        return safe(self._named_values(self._named_values(text, _FLAG), _NAME))

    def command(self, line: str) -> SafeText:
        """A command line in one string."""
        line = _LOGIN.sub(lambda m: f"{m[1]}{m[2]}{self.hide(m[3])}", line)
        line = self._named_values(line, _FLAG, short=True)
        if _ATTACHED.search(line):
            line = re.sub(r"(?<!\S)-p(\S+)", lambda m: f"-p{self.hide(m[1])}", line)
            line = re.sub(r"(?<!\S)(-a\s+)(\S+)", lambda m: f"{m[1]}{self.hide(m[2])}", line)
        return self.text(line)

    def argv(self, argv: Sequence[str]) -> list[SafeText]:
        """Arguments; one may itself be a script (`sh -c`)."""
        attached = any(_ATTACHED.search(a) for a in argv[:4])
        masked: list[SafeText] = []
        before = ""
        for argument in argv:
            flag = argument.startswith("-") and "=" not in argument
            secret = flag and (argument == "-p" or secret_name(argument) or (attached and argument == "-a"))
            if before == "secret":
                # A flag here may be the value or, where the one before took none, a flag of its own.
                masked.append(self.hide(argument))
            elif before == "-c":  # a script: blanks in it end a value
                masked.append(self.command(argument))
            elif before in _ENV_FLAGS:
                masked.append(self.env(argument))
            elif before in ("-u", "--user") and ":" in argument:
                user, _, password = argument.partition(":")
                masked.append(safe(f"{user}:{self.hide(password)}"))
            elif attached and argument.startswith("-p") and len(argument) > 2:
                masked.append(safe(f"-p{self.hide(argument[2:])}"))
            else:
                masked.append(self._argument(argument))
            before = "secret" if secret else argument
        return masked

    def _argument(self, argument: str) -> SafeText:
        """One argument that is not another one's value."""
        name, equals, value = argument.partition("=")
        if not equals or not re.fullmatch(r"[\w.-]+", name):
            return self.command(argument)
        if name in _ENV_FLAGS:
            return safe(f"{name}={self.env(value)}")
        if name == "--user" and ":" in value:
            user, _, password = value.partition(":")
            return safe(f"{name}={user}:{self.hide(password)}")
        return safe(f"{name}={self.hide(value) if secret_name(name) else self.command(value)}")

    def _userinfo(self, match: re.Match[str]) -> str:
        self.hide(match[0].partition(":")[2])
        return HIDDEN

    def _named_values(self, text: str, names: re.Pattern[str], *, short: bool = False) -> str:
        """Hide the value after each secret name that `names` finds (with `short`, after `-p` too)."""
        parts: list[str] = []
        at = done = 0
        while found := names.search(text, at):
            at = found.end()
            if not (secret_name(found[1]) or (short and found[1] == "-p")):
                continue
            scheme = _SCHEME.match(text, at)
            values = _COOKIES if "cookie" in found[1].lower() else _VALUE
            value = values.match(text, scheme.end() if scheme else at)
            if value is None or _FINGERPRINT.match(value[0]):
                continue
            at = value.end()
            if found[1] != "-p" and value[0] != HIDDEN:
                self.hide(value[0])
            parts += [text[done : value.start()], HIDDEN]
            done = at
        return "".join([*parts, text[done:]])
