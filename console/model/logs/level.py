"""How bad a line says it is, read from its beginning the way the common loggers write it.

A wrong red is worse than a missing one, since people stop looking at colours that lie: a level counts only
where a logger puts it (after time stamp, process and thread, in brackets, before a colon), never because its
word stands somewhere in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

LOOK = 240
"""Bytes of a line that are looked at; loggers put the level before the text."""

JSON_LOOK = 4096
"""The same for a JSON object, whose members may stand in any order."""


class Level(StrEnum):
    """From the least to the worst; ordered by `rank`."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"

    @property
    def rank(self) -> int:
        """0 for trace to 5 for fatal."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}

_SPELLINGS = {
    Level.TRACE: "trace trc trce finest finer silly",
    Level.DEBUG: "debug dbg dbug debu fine verbose vrb",
    Level.INFO: "info inf information informational notice note log config system",
    Level.WARN: "warn warning wrn deprecated",
    Level.ERROR: "error err erro fail failure severe",
    Level.FATAL: "fatal fata ftl critical crit crt alert emerg emergency panic pnc",
}

WORDS: Mapping[str, Level] = MappingProxyType(
    {word: level for level, words in _SPELLINGS.items() for word in words.split()}
)
"""What loggers call the levels, in lower case; syslog's eight are among them."""

LETTERS: Mapping[str, Level] = MappingProxyType(
    {
        "T": Level.TRACE,
        "D": Level.DEBUG,
        "I": Level.INFO,
        "N": Level.INFO,
        "W": Level.WARN,
        "E": Level.ERROR,
        "F": Level.FATAL,
        "C": Level.FATAL,
    }
)
"""One letter, as klog, MongoDB, etcd and Tornado write it."""

_SYSLOG = (*[Level.FATAL] * 3, Level.ERROR, Level.WARN, Level.INFO, Level.INFO, Level.DEBUG)
_REDIS = {b".": Level.DEBUG, b"-": Level.DEBUG, b"*": Level.INFO, b"#": Level.WARN}

_ANSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")

# A whole line whose first characters decide, whatever stands behind.
_SHAPE = re.compile(
    rb"<(?P<syslog>\d{1,3})>"
    rb"|(?P<klog>[IWEF])\d{4} \d\d:\d\d:\d\d"
    rb"|\d+:[XCSM] \d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d+ (?P<redis>[-.*#]) "
    rb"|\[(?P<tornado>[DIWEC]) [\d-]{6,10} \d\d:\d\d|\[(?P<jupyter>[DIWEC]) \d\d:\d\d:\d\d"
    rb"|\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)? (?P<mongo>[DIWEF])\d? (?: ?[A-Z-]+ +\[|\| )"
    rb"|(?P<broken>Traceback \(most recent call last\)|Exception in thread |npm ERR! |=(?:ERROR|CRASH) REPORT"
    rb"|(?:Caused by: |Uncaught )?[A-Za-z_][\w.$]{0,80}(?:Error|Exception): )"
    rb"|(?P<dead>panic: |fatal error: |\*\*\* buffer overflow detected|PHP (?:Fatal|Parse) error: )"
    rb"|PHP (?P<php>Warning|Notice|Deprecated): "
)

# A level's word in any case; in upper case those that mean something else in prose are left out.
_ANY = (
    rb"(?i:tra?ce?|debu?g?|dbu?g|inf(?:o(?:rmation(?:al)?)?)?|not(?:ic)?e|warn(?:ing)?|wrn|erro?r?|fatal?|ftl"
    rb"|fail(?:ure)?|severe|crit(?:ical)?|crt|alert|emerg(?:ency)?|panic|pnc|fine(?:st|r)?|silly|verbose|vrb"
    rb"|log|config|system|deprecated)"
)
_UPPER = (
    rb"(?:TRA?CE?|DEBU?G?|DBU?G|INF(?:O(?:RMATION(?:AL)?)?)?|NOTICE|WARN(?:ING)?|WRN|ERRO?R?|FATAL?|FTL"
    rb"|FAIL(?:URE)?|SEVERE|CRIT(?:ICAL)?|CRT|ALERT|EMERG(?:ENCY)?|PANIC|PNC|VERBOSE|VRB)"
)
_NOTHING_WRONG = rb"\s*(?i:0+|none|null|nil|no|false|ok)\s*(?:[,;.|]|\Z)"
_PLACED = (
    rb"(?:[\[(<|]\s*(?:[\w.-]+:)?(?P<boxed>" + _ANY + rb")\s*[\])>|]"
    rb"|\[\d[\d:.,/ TZ+-]*[ :](?P<dated>" + _UPPER + rb")[ \]/]"
    rb"|(?P<loud>" + _UPPER + rb"):(?!" + _NOTHING_WRONG + rb")"
    rb"|(?P<colon>" + _ANY + rb"):(?!\w|" + _NOTHING_WRONG + rb")"
    rb"|(?<=\t)(?P<tabbed>" + _ANY + rb")\t"
    rb"|(?P<upper>" + _UPPER + rb")(?=[ \t|/\[]|\Z))"
)
# What may stand before a level: time stamps, numbers, anything in brackets, zones, names with a process id.
_HEADER = (
    rb"(?:[\s|:;,*#>~-]+"
    rb"|\[[^\[\]]*\]|\([^()]*\)|<[^<>]*>"
    rb"|\d[\w:.,/+#-]*"
    rb"|(?:UTC|GMT|BST|IST|JST|MSK|[ECMP][SD]T|[CEW]ES?T|Z)(?!\w)"
    rb"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?!\w)"
    rb"|[DIWEFA],(?=\s)|[\w-]{1,64}+@[\w-]{1,64}+(?= )"
    rb"|(?:[\w.-]{1,64}+ )?[\w./-]{1,64}+ ?\[\d*\]:"
    rb"|(?<=[-|] )[\w.:/$-]{1,100}+ (?=[-|] )"
    rb"|[\w-]{1,64}+\.(?=[A-Z]))"
)
_STATED = re.compile(rb"(?>(?!" + re.sub(rb"\?P<\w+>", rb"?:", _PLACED) + rb")" + _HEADER + rb")*+" + _PLACED)
_MOMENT = re.compile(rb"\d:\d\d|\d{4}-\d\d|\d{10}|[\[(<|]|\w\.\Z")
"""Without one of these a line's beginning is no header: `3 ERROR lines`."""

_LOGFMT = re.compile(rb"(?:^|[\s,{])(?:log\.?|@)?_?(?:level|lvl|severity)=\"?([A-Za-z]+)", re.IGNORECASE)
_MEMBER = re.compile(
    rb"\"(?:log[._]?)?(?:level|lvl|severity|levelname|loglevel|level_name|@l|priority_name)\"\s*:"
    rb"\s*(?:\"([A-Za-z]+)\"|(\d{1,3})(?![\d.]))",
    re.IGNORECASE,
)
_MONGO = re.compile(rb"\"s\":\"([DIWEF])\d?\",")


def level_named(word: str) -> Level | None:
    """The level that a logger means by `word`: a name in any case, or a number of pino and bunyan."""
    level = WORDS.get(word.lower())
    if level is None and word.isascii() and word.isdigit() and len(word) <= 3:
        return level_numbered(int(word))
    return level or (LETTERS.get(word) if len(word) == 1 else None)


def level_numbered(number: int) -> Level | None:
    """The level of pino and bunyan (10 trace, 20 debug, 30, 40, 50, 60 fatal); None for another number."""
    if number % 10 or not 10 <= number <= 60:
        return None
    return tuple(Level)[number // 10 - 1]


def level_of(raw: bytes) -> Level | None:
    """The level that the beginning of a line states; None where it states none. A few microseconds."""
    head = raw[:LOOK]
    if b"\x1b" in head:
        head = _ANSI.sub(b"", head)
    head = head.lstrip()
    if head.startswith(b"{"):
        return _json(raw)
    if shape := _SHAPE.match(head):
        level = _shaped(shape)
        if level is not None:
            return level
    if b"=" in head and (level := _logfmt(head)) is not None:
        return level
    return _stated(head)


def _json(raw: bytes) -> Level | None:
    found = _MEMBER.search(raw, 0, JSON_LOOK)
    if found is None:
        mongo = _MONGO.search(raw, 0, 120) if b'"$date"' in raw[:40] else None
        return LETTERS[mongo[1].decode()] if mongo else None
    return level_named((found[1] or found[2]).decode())


def _shaped(shape: re.Match[bytes]) -> Level | None:
    kind = shape.lastgroup
    text = shape[kind] if kind else b""
    match kind:
        case "syslog":
            return _SYSLOG[int(text) & 7] if int(text) < 192 else None
        case "redis":
            return _REDIS[text]
        case "broken":
            return Level.ERROR
        case "dead":
            return Level.FATAL
        case "php":
            return WORDS[text.decode().lower()]
    return LETTERS.get(text.decode())


def _logfmt(head: bytes) -> Level | None:
    for found in _LOGFMT.finditer(head):
        # Inside a quoted value it is text.
        if head.count(b'"', 0, found.start()) % 2 == 0 and (level := WORDS.get(found[1].decode().lower())):
            return level
    return None


def _stated(head: bytes) -> Level | None:
    """A level's word after nothing but what loggers put before it."""
    stated = _STATED.match(head)
    if stated is None or stated.lastgroup is None:
        return None
    before = head[: stated.start(stated.lastgroup)].strip()
    if before and not _MOMENT.search(before):
        return None
    return WORDS.get(stated[stated.lastgroup].decode().lower())
