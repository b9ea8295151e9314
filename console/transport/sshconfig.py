"""From a host of hosts.yml to the explicit way there: what `ssh` itself would do, asked of `ssh -G`.

asyncssh reads ~/.ssh/config differently enough from OpenSSH to matter (common settings abort a connection,
`UserKnownHostsFile none` switches the host key check off), so configuration is resolved by `ssh -G` where
there is an `ssh`, and every setting is handed on explicitly. Without an `ssh` the defaults of OpenSSH hold.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from console.errors import HostRefused
from console.model.hosts import HostSpec

HOP_LIMIT = 8
"""Longest way to a host, the host included; a ProxyJump that leads back to itself ends here."""

KEY_NAMES = ("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa")
"""Where OpenSSH looks for keys when nothing names one, in its order."""

METHODS = ("publickey", "keyboard-interactive", "password")
"""The ways to log in that are supported, in the order they are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One SSH connection on the way, everything decided."""

    label: str = field(compare=False)
    """How an operator would name it: its name in hosts.yml, an alias or `user@address:port`."""
    address: str
    port: int = 22
    user: str
    key_alias: str = ""
    """Under which name its host key is known; empty: its address and port."""
    identities: tuple[str, ...] = ()
    """Key files to try, in order; they may not exist."""
    certificates: tuple[str, ...] = ()
    identities_only: bool = False
    """Of the agent's keys offer only those that `identities` names."""
    agent: str = ""
    """Socket of the agent; empty: none."""
    known_hosts: tuple[str, ...] = ()
    """The operator's own files; a newly accepted key is written to the first that can be written."""
    global_known_hosts: tuple[str, ...] = ()
    hash_names: bool = False
    proxy_command: str = ""
    """A shell command that speaks SSH on its standard streams, expanded; first hop only."""
    proxy_template: str = ""
    """The same before expansion: hosts that share it share whatever it goes through."""
    inet: int = 0
    """4 or 6 where only that may be used."""
    bind: str = ""
    methods: tuple[str, ...] = METHODS
    key_algorithms: tuple[str, ...] = ()
    """HostKeyAlgorithms as configured; empty: the usual ones."""

    @property
    def where(self) -> str:
        """`user@address:port`."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.user}@{address}:{self.port}"

    @property
    def known_as(self) -> str:
        """The name in known_hosts, as `ssh-keygen -R` wants it."""
        if self.key_alias:
            return self.key_alias
        return self.address if self.port == 22 else f"[{self.address}]:{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """The whole way to one host; the last hop is the host itself."""

    host: str
    """Its name in hosts.yml."""
    hops: tuple[Hop, ...]

    @property
    def target(self) -> Hop:
        return self.hops[-1]

    def __str__(self) -> str:
        """`ops@10.0.0.12:22 via bastion`."""
        return way(self.hops)


def way(hops: Sequence[Hop]) -> str:
    """How an operator would say where these hops lead."""
    via = ", ".join(hop.label for hop in hops[:-1])
    last = hops[-1].where
    if via:
        return f"{last} via {via}"
    return f"{last} via a proxy command" if hops[-1].proxy_command else last


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What of this machine decides how hosts are reached; tests hand in their own."""

    ssh: str | None = field(default_factory=lambda: shutil.which("ssh"))
    """The OpenSSH client; None: none is installed."""
    config: str = ""
    """A file read instead of ~/.ssh/config and /etc/ssh/ssh_config."""
    home: str = field(default_factory=lambda: _passwd_home())
    user: str = field(default_factory=lambda: _passwd_user())
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    limit: float = 10.0
    """Seconds that `ssh -G` may take (a `Match exec` runs inside it)."""


def _passwd_home() -> str:
    # As ssh does: its ~ is of the password file, whatever HOME says.
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return os.path.expanduser("~")


def _passwd_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.get("USER") or os.environ.get("LOGNAME") or "root"


def without_ssh(spec: HostSpec, name: str, around: Surroundings) -> Hop:
    """OpenSSH's defaults, for machines without an `ssh`."""
    ssh = os.path.join(around.home, ".ssh")
    return Hop(
        label=spec.name or spec.target,
        address=name,
        port=spec.port or 22,
        user=spec.user or around.user,
        identities=spec.identity or tuple(os.path.join(ssh, key) for key in KEY_NAMES),
        agent=around.environ.get("SSH_AUTH_SOCK", ""),
        known_hosts=_usable(spec.known_hosts) or (os.path.join(ssh, "known_hosts"),),
        global_known_hosts=("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"),
    )


def parse(text: str) -> dict[str, list[str]]:
    """The output of `ssh -G`: keyword in lower case -> its values, one per line, in order."""
    settings: dict[str, list[str]] = {}
    for line in text.split("\n"):
        key, _, value = line.strip("\r").partition(" ")
        if key:
            settings.setdefault(key.lower(), []).append(value.strip())
    return settings


def from_settings(settings: Mapping[str, list[str]], spec: HostSpec, around: Surroundings) -> Hop:
    """Make a hop of what `ssh -G` said; what hosts.yml states wins."""

    def one(key: str, default: str = "") -> str:
        return settings.get(key, [default])[0]

    def yes(key: str, default: bool = False) -> bool:
        return one(key, "yes" if default else "no").lower() in ("yes", "true")

    address = one("hostname", spec.ssh or spec.address)
    port = spec.port or _port(one("port", "22"), spec)
    user = spec.user or one("user", around.user)
    tokens = _tokens(address, port, user, spec.ssh or spec.address, around)
    expand = _expander(tokens, around)

    def files(key: str) -> tuple[str, ...]:
        return _usable(expand(path) for path in settings.get(key, []))

    proxy = one("proxycommand")
    if proxy.lower() == "none":
        proxy = ""
    own = _usable(spec.known_hosts) or _usable(map(expand, _split_files(one("userknownhostsfile"))))
    own = own or (os.path.join(around.home, ".ssh", "known_hosts"),)
    return Hop(
        label=spec.name or spec.target,
        address=address,
        port=port,
        user=user,
        key_alias=one("hostkeyalias"),
        identities=spec.identity or files("identityfile"),
        certificates=files("certificatefile"),
        identities_only=yes("identitiesonly"),
        agent=_agent(one("identityagent"), expand, around),
        known_hosts=own,
        global_known_hosts=_usable(map(expand, _split_files(one("globalknownhostsfile")))),
        hash_names=yes("hashknownhosts"),
        proxy_command=_proxy(proxy, tokens, spec) if proxy else "",
        proxy_template=proxy,
        inet={"inet": 4, "inet6": 6}.get(one("addressfamily").lower(), 0),
        bind=one("bindaddress"),
        methods=_methods(one("preferredauthentications"), yes),
        key_algorithms=tuple(filter(None, one("hostkeyalgorithms").split(","))),
    )


def _port(text: str, spec: HostSpec) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise HostRefused(spec.name, f"{text!r} is not a port", next_step="correct ~/.ssh/config")
    return int(text)


def _proxy(template: str, tokens: Mapping[str, str], spec: HostSpec) -> str:
    """Expand a ProxyCommand. What is put in becomes part of a shell command, so it must be plain."""
    for token in set(re.findall("%([hnr])", template)):
        if not re.fullmatch(r"[\w.:@%+,/][\w.:@%+,/-]*", tokens[token]):
            raise HostRefused(
                spec.name,
                f"{tokens[token]!r} cannot be put into the ProxyCommand {template!r}",
                next_step="correct hosts.yml",
            )
    return expand_tokens(template, tokens)


def _methods(preferred: str, yes: Callable[[str, bool], bool]) -> tuple[str, ...]:
    off = {
        "publickey": not yes("pubkeyauthentication", True),
        "keyboard-interactive": not yes("kbdinteractiveauthentication", True),
        "password": not yes("passwordauthentication", True),
    }
    order = [name.strip() for name in preferred.split(",")] if preferred else list(METHODS)
    return tuple(name for name in order if name in off and not off[name])


def _agent(setting: str, expand: Callable[[str], str], around: Surroundings) -> str:
    """IdentityAgent: a path, `none`, `SSH_AUTH_SOCK`, or `$NAME` of an environment variable."""
    if setting.lower() == "none":
        return ""
    if setting in ("", "SSH_AUTH_SOCK"):
        return around.environ.get("SSH_AUTH_SOCK", "")
    if re.fullmatch(r"\$\w+", setting):
        return around.environ.get(setting[1:], "")
    return expand(setting)


def _usable(paths: Iterable[str]) -> tuple[str, ...]:
    """Without `none` and /dev/null: they leave nothing to check against, and checking is never off."""
    return tuple(path for path in paths if path and path.lower() != "none" and path != os.devnull)


def _split_files(value: str) -> list[str]:
    """Paths that `ssh -G` prints side by side without quotes: where pieces only together name a file that
    exists, they are one path."""
    pieces = value.split(" ") if value else []
    files: list[str] = []
    while pieces:
        size = next((n for n in range(len(pieces), 1, -1) if os.path.exists(" ".join(pieces[:n]))), 1)
        files.append(" ".join(pieces[:size]))
        del pieces[:size]
    return [path for path in files if path]


def _tokens(address: str, port: int, user: str, original: str, around: Surroundings) -> dict[str, str]:
    return {
        "%": "%",
        "h": address,
        "n": original,
        "p": str(port),
        "r": user,
        "u": around.user,
        "d": around.home,
        "i": str(os.getuid()),
        "k": original,
        "L": os.uname().nodename.partition(".")[0],
        "l": os.uname().nodename,
    }


def expand_tokens(text: str, tokens: Mapping[str, str]) -> str:
    """Replace `%h` and its like; an unknown token stays as it is."""
    return re.sub(r"%(.)", lambda hit: tokens.get(hit[1], hit[0]), text)


def _expander(tokens: Mapping[str, str], around: Surroundings) -> Callable[[str], str]:
    """Expand `~`, `%h` and `${NAME}` in a path, as OpenSSH does."""

    def expand(path: str) -> str:
        if path == "~" or path.startswith("~/"):
            path = around.home + path[1:]
        elif path.startswith("~"):
            path = os.path.expanduser(path)
        path = re.sub(r"\$\{(\w+)\}", lambda hit: around.environ.get(hit[1], ""), path)
        return expand_tokens(path, tokens)

    return expand


_JUMP = re.compile(r"(?:(?P<user>.+)@)?(?:\[(?P<six>[^\]]+)\]|(?P<name>[^\[\]:@]+))(?::(?P<port>\d+))?")


def parse_jump(text: str, host: str) -> tuple[HostSpec, ...]:
    """`[user@]host[:port]` or `ssh://...`, separated by commas, first hop first. Raises HostRefused."""
    hops = []
    for piece in text.split(","):
        piece = piece.strip()
        bare = piece.removeprefix("ssh://").rstrip("/")
        hit = _JUMP.fullmatch(bare)
        # A bare IPv6 address has colons that are no port.
        if hit is None and bare.count(":") > 1:
            user, at, address = bare.rpartition("@")
            hops.append(HostSpec(name=piece, ssh=address, user=user if at else ""))
            continue
        port = int(hit["port"] or 0) if hit else 0
        if hit is None or port > 65535:
            raise HostRefused(
                host, f"ProxyJump {piece!r} is not understood", next_step="correct ~/.ssh/config"
            )
        hops.append(HostSpec(name=piece, ssh=hit["six"] or hit["name"], user=hit["user"] or "", port=port))
    return tuple(hops)
