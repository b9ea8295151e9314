"""The one query language: filters, `dockcon ps`, selectors of actions, exports.

Words are separated by blanks and all must hold; quotes keep blanks together and make a word plain text.

=====================  ====================================================================
`host:app-*`           the host's name
`name:web`             the container's name
`image:nginx`          the image: the whole reference, without its tag, or its last part
`state:running`        the state, or the beginning of its name
`health:unhealthy`     the health, or the beginning of its name
`label:tier=web`       a label's value; `label:tier`: the label is there
`project:shop`         the Compose project
`app-1/web`            a container on a host, where `app-1` matches a host; else text
`web@app-1`            the same the other way round
`anything else`        text found in name, image, host, project or state
`!word`                what `word` does not match
=====================  ====================================================================

`*` and `?` are globs, and case does not matter. A word that is not complete yet (`host:`, `!`) asks for
nothing, so that a list does not flicker while somebody types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from console.errors import UsageError
from console.model.containers import Container

FIELDS = ("host", "name", "image", "state", "health", "label", "project")


class Matched(Protocol):
    """What a query is held against: a container, or whatever else has a host, a name and a state."""

    @property
    def host(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def image(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def health(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def project(self) -> str: ...


Test = Callable[[Matched], bool]

_FIELD = re.compile(r"([A-Za-z][A-Za-z_-]*):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query."""

    word: str
    """As it was typed, without `!`."""
    inverted: bool
    kind: str
    """A field's name, `container` for `host/name` and `name@host`, or `text`."""
    test: Test = field(compare=False, repr=False)
    host: Callable[[str], bool] | None = field(default=None, compare=False, repr=False)
    """For a term that says something about the host: which hosts it can hold on."""

    def matches(self, container: Matched) -> bool:
        return self.test(container) is not self.inverted


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. One without terms matches everything."""

    text: str = ""
    terms: tuple[Term, ...] = ()

    def matches(self, container: Matched) -> bool:
        """Whether every term holds."""
        # A filter runs over thousands of rows per key press; a generator would take three times as long.
        for term in self.terms:  # noqa: SIM110
            if term.test(container) is term.inverted:
                return False
        return True

    def hosts(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` on which something can match, so that the others need not be asked."""
        return tuple(name for name in names if all(_possible(term, name) for term in self.terms))


def _possible(term: Term, host: str) -> bool:
    if term.host is None:
        return True
    # `!host:a` rules a host out; `!a/web` does not, since another container of `a` may match.
    return term.host(host) is not term.inverted if term.kind == "host" else term.inverted or term.host(host)


def parse(text: str, hosts: Collection[str] = (), *, colons: bool = False) -> Query:
    """Understand `text`. With `hosts` (the fleet's names), `a/b` and `b@a` name a container only where `a`
    matches one of them and are text otherwise (`library/nginx`); without, they are tried as both.

    Raises UsageError for a field that does not exist; with `colons` such a word is text, since names that
    are looked for have colons in them (`nginx:1.27`).
    """
    found = words(text)
    if colons:
        found = [(word, quoted or _no_field(word), inverted) for word, quoted, inverted in found]
    terms = (_term(word, quoted, inverted, hosts) for word, quoted, inverted in found)
    return Query(text, tuple(term for term in terms if term is not None))


def _no_field(word: str) -> bool:
    match = _FIELD.fullmatch(word)
    return match is not None and match[1].lower() not in FIELDS


def words(text: str) -> list[tuple[str, bool, bool]]:
    """Split into (word, was it quoted from its first character on, is it inverted). Never fails: a quote
    that is not closed ends with the text.
    """
    found: list[tuple[str, bool, bool]] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        inverted = False
        while at < len(text) and text[at] == "!":
            inverted = not inverted
            at += 1
        quoted = at < len(text) and text[at] in "\"'"
        word, at = _word(text, at)
        found.append((word, quoted, inverted))
    return found


def _word(text: str, at: int) -> tuple[str, int]:
    """The word that starts at `at` and where it ends; quotes may stand at its start or after a `:` or `=`."""
    parts: list[str] = []
    while at < len(text) and not text[at].isspace():
        if text[at] in "\"'" and (not parts or parts[-1] in (":", "=")):
            end = text.find(text[at], at + 1)
            end = len(text) if end < 0 else end
            parts.append(text[at + 1 : end])
            at = end + 1
        else:
            parts.append(text[at])
            at += 1
    return "".join(parts), at


def _term(word: str, quoted: bool, inverted: bool, hosts: Collection[str]) -> Term | None:
    if not word:
        return None
    if quoted:
        return Term(word, inverted, "text", _text(word, globs=False))
    if field_value := _FIELD.fullmatch(word):
        return _field_term(word, inverted, field_value[1].lower(), field_value[2])
    if named := _host_and_name(word):
        return _container_term(word, inverted, *named, hosts)
    return Term(word, inverted, "text", _text(word))


def _field_term(word: str, inverted: bool, name: str, value: str) -> Term | None:
    if name not in FIELDS:
        near = _near(name, FIELDS, 1)
        hint = f"did you mean `{near[0]}:`?" if near else f"there are {', '.join(FIELDS)}."
        raise UsageError(f"no field `{name}:`", next_step=f'{hint} To look for the text, write "{word}"')
    if not value:
        return None
    if name == "label":
        return _label_term(word, inverted, value)
    if name in ("state", "health"):
        # The words are few and long: their beginning is enough.
        begins = _glob(value if "*" in value or "?" in value else value + "*")
        if name == "state":
            return Term(word, inverted, name, lambda c: begins(c.state))
        return Term(word, inverted, name, lambda c: begins(c.health))
    same = _glob(value)
    tests: dict[str, Test] = {
        "host": lambda c: same(c.host),
        "name": lambda c: same(c.name),
        "image": lambda c: any(map(same, image_names(c.image))),
        "project": lambda c: same(c.project),
    }
    return Term(word, inverted, name, tests[name], same if name == "host" else None)


def _label_term(word: str, inverted: bool, value: str) -> Term | None:
    key, equals, wanted = value.partition("=")
    if not key:
        return None
    if not equals:
        return Term(word, inverted, "label", lambda c: key in c.labels)
    same = _glob(wanted)
    return Term(word, inverted, "label", lambda c: key in c.labels and same(c.labels[key]))


def _host_and_name(word: str) -> tuple[str, str] | None:
    """Host and name of `host/name` and `name@host`; None for any other word."""
    if word.count("/") == 1 and "@" not in word:
        host, name = word.split("/")
    elif word.count("@") == 1 and "/" not in word:
        name, host = word.split("@")
    else:
        return None
    return (host, name) if host and name else None


def _container_term(word: str, inverted: bool, host: str, name: str, hosts: Collection[str]) -> Term:
    on, called = _glob(host), _glob(name)
    if any(map(on, hosts)):
        return Term(word, inverted, "container", lambda c: on(c.host) and called(c.name), on)
    text = _text(word)
    if hosts:
        return Term(word, inverted, "text", text)
    return Term(word, inverted, "container", lambda c: (on(c.host) and called(c.name)) or text(c))


def _text(word: str, *, globs: bool = True) -> Test:
    needle = word.casefold()
    if globs and ("*" in word or "?" in word):
        same = _glob(word)
        return lambda c: any(map(same, (c.name, c.image, c.host, c.project, c.state)))
    return lambda c: needle in "\n".join((c.name, c.image, c.host, c.project, c.state)).casefold()


def _glob(pattern: str) -> Callable[[str], bool]:
    """A test for the whole of a text, by `*` and `?` alone (brackets are no glob here), in any case."""
    folded = pattern.casefold()
    if "*" not in folded and "?" not in folded:
        return lambda text: text.casefold() == folded
    compiled = re.compile(
        "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in re.sub(r"\*+", "*", folded)), re.DOTALL
    )
    return lambda text: compiled.fullmatch(text.casefold()) is not None


@lru_cache(maxsize=4096)
def image_names(image: str) -> tuple[str, ...]:
    """What an image may be called: whole, without digest, without tag, and the last part of each."""
    plain = image.partition("@")[0]
    path, slash, last = plain.rpartition("/")
    untagged = path + slash + last.partition(":")[0]
    return tuple(dict.fromkeys((image, plain, untagged, last, last.partition(":")[0])))


def resolve(selectors: Sequence[str], containers: Iterable[Container]) -> tuple[Container, ...]:
    """The containers that `selectors` (one per argument of the command line) name, in their own order.

    Names are alternatives: `web`, `app-1/web`, `web@app-1`, globs of these, the beginning of an id (at
    least 6 digits). Fields and inverted words narrow: `web host:app-*`. A name without a host must be the
    only one of its kind.

    Raises UsageError when a selector names nothing, or a name without a host is on several hosts.
    """
    everything = tuple(containers)
    selection = select(selectors, {c.host for c in everything})
    left = selection.narrowed(everything)
    if not selection.names:
        chosen = {c.key for c in left} if selection.terms else set()
    else:
        chosen = set()
        for name in selection.names:
            found = _named(name, left)
            if not found:
                raise _missing(name, left)
            chosen |= {c.key for c in found}
    if not chosen:
        raise UsageError(f"nothing matches `{' '.join(selectors)}`" if selectors else "no container is named")
    return tuple(c for c in everything if c.key in chosen)


@dataclass(frozen=True, slots=True)
class Selection:
    """Selectors as `resolve` takes them, apart from any list of containers."""

    names: tuple[str, ...]
    """Alternatives; without any, everything that `terms` leave."""
    terms: tuple[Term, ...]
    """What narrows: all must hold."""

    def narrowed(self, containers: Iterable[Container]) -> tuple[Container, ...]:
        """Those of `containers` that hold every term."""
        return tuple(c for c in containers if all(term.matches(c) for term in self.terms))

    def named(self, name: str, containers: Iterable[Container]) -> tuple[Container, ...]:
        """What one of `names` means among `containers`, maybe nothing. Raises UsageError where a name without
        a host means several.
        """
        return tuple(_named(name, self.narrowed(containers)))

    def missing(self, name: str, containers: Iterable[Container]) -> UsageError:
        """What to say where one of `names` means nothing among `containers`."""
        return _missing(name, self.narrowed(containers))

    def hosts(self, known: Iterable[str]) -> tuple[str, ...]:
        """Those of the hosts `known` on which something can be meant."""
        on = [_glob(named[0]) if (named := _host_and_name(n)) else None for n in self.names]
        return tuple(
            host
            for host in known
            if all(_possible(term, host) for term in self.terms)
            and (not on or any(test is None or test(host) for test in on))
        )

    def lasting(self) -> Query | None:
        """What containers that come later must match to be meant too: one of the globs and every term. None
        where each name is that of one container.
        """
        globs = [name for name in self.names if globbed(name)]
        if not globs:
            return None if self.names else Query(" ".join(t.word for t in self.terms), self.terms)
        pairs = [_host_and_name(name) or ("*", name) for name in globs]
        tests = [(_glob(host), _glob(name)) for host, name in pairs]
        one = Term(
            " ".join(globs),
            False,
            "container",
            lambda c: any(on(c.host) and called(c.name) for on, called in tests),
            lambda host: any(on(host) for on, _ in tests),
        )
        return Query(" ".join(self.names), (one, *self.terms))


def select(selectors: Sequence[str], hosts: Collection[str]) -> Selection:
    """Take selectors apart; `hosts` are all there are. Raises UsageError for a field that does not exist."""
    names: list[str] = []
    narrowing: list[str] = []
    for selector in selectors:
        plain = not selector.startswith("!") and _FIELD.fullmatch(selector) is None
        (names if plain else narrowing).append(selector)
    terms = (_narrowing(selector, hosts) for selector in narrowing)
    return Selection(tuple(names), tuple(term for term in terms if term is not None))


def globbed(name: str) -> bool:
    """Whether a name is a pattern for several."""
    return "*" in name or "?" in name


def _narrowing(argument: str, hosts: Collection[str]) -> Term | None:
    """The term of one argument: blanks in it are its own, since the shell has split already."""
    word = argument.lstrip("!")
    return _term(word, False, (len(argument) - len(word)) % 2 == 1, hosts)


def _named(selector: str, containers: Sequence[Container]) -> list[Container]:
    """What one name, with or without a host, means among `containers`, maybe nothing."""
    if named := _host_and_name(selector):
        on, called = _glob(named[0]), _glob(named[1])
        found = [c for c in containers if on(c.host) and called(c.name)]
    else:
        same = _glob(selector)
        exact = [c for c in containers if c.name == selector]
        found = exact or [c for c in containers if same(c.name)] or _by_id(selector, containers)
        if len(found) > 1 and not globbed(selector):
            listed = ", ".join(sorted(c.ref for c in found))
            raise UsageError(
                f"`{selector}` is on several hosts: {listed}", next_step="say which, or use a glob"
            )
    return found


def _missing(selector: str, containers: Sequence[Container]) -> UsageError:
    refs = {text: c.ref for c in containers for text in (c.ref, f"{c.host}/{c.name}", str(c.name))}
    near = dict.fromkeys(refs[text] for text in _near(selector, refs, 3))
    hint = f"did you mean {' or '.join(near)}?" if near else ""
    return UsageError(f"no container `{selector}`", next_step=hint)


def _near(word: str, known: Iterable[str], most: int) -> list[str]:
    import difflib  # only for whoever has made a mistake

    return difflib.get_close_matches(word, list(known), most)


def _by_id(selector: str, containers: Sequence[Container]) -> list[Container]:
    if not re.fullmatch(r"[0-9a-f]{6,64}", selector):
        return []
    return [c for c in containers if c.id.startswith(selector)]
