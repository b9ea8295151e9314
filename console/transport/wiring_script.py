"""The shell text for mappings: constant, for dash and busybox sh, mawk, gawk and busybox awk.

`ground` tells who we are and what listens. `inside PID PORT SECONDS NAME HOSTS RESOLV` resolves and connects
in the network of a process, with its container's own files; `outside PORT SECONDS NAME` does so from the
host. `lines PATH` tells our lines of a hosts file, `line PATH NAME IP` writes one, in place: the container
has this very inode. Words are the octal digits of their bytes, each word ends with a 0.
"""

from __future__ import annotations

from console.transport.wiring_words import MARK

# Runs in a network and mount namespace of its own choosing: NAME PORT SECONDS. No single quote may be in it.
# `-s`: the machine's own nsswitch.conf might ask systemd-resolved instead of the container's resolver.
_TRY = r"""
a=$(timeout "$3" getent -s "hosts:files dns" ahosts "$1" 2>/dev/null); r=$?
if [ $r = 1 ]; then a=$(timeout "$3" getent ahosts "$1" 2>/dev/null); r=$?; fi
if [ $r = 124 ]; then echo slow; exit 0; fi
if [ $r = 127 ]; then echo lacking getent; exit 0; fi
a=${a%%[[:space:]]*}
if [ -z "$a" ]; then echo unknown; exit 0; fi
echo "addr $a"
if command -v bash >/dev/null; then timeout "$3" bash -c "$4" x "$a" "$2" 2>&1
elif command -v nc >/dev/null; then timeout "$3" nc -w "$3" "$a" "$2" </dev/null 2>&1
else echo lacking bash; exit 0; fi
echo "rc $?"
"""

# ADDRESS PORT, in bash. Whether it is held tells a proxy with nothing behind it from a service.
_BASH = r"""
b=$EPOCHREALTIME; exec 3<>"/dev/tcp/$1/$2" || exit 1; e=$EPOCHREALTIME
if [ -n "$b" ]; then echo "us $(( ${e/./} - ${b/./} ))"; fi
if read -r -t 0.2 -n 1 -u 3 x; then echo data; elif [ $? -gt 128 ]; then echo held; else echo closed; fi
"""

# HOSTS RESOLV, then as above: nscd would answer from the host's own view.
_ENTER = r"""
mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf || { echo "lacking mount"; exit 0; }
if [ -d /run/nscd ]; then mount -t tmpfs none /run/nscd; fi
shift 2; exec /bin/sh -c "$5" x "$@"
"""

# PATH NAME IP: our line first, since the first one of a name counts. One write, so that nobody reads half.
_LINE = f"""\
c=$(while IFS= read -r l || [ -n "$l" ]; do
  case $l in *" $2 {MARK}") ;; *) printf "%s\\n" "$l";; esac
done <"$1") || exit 4
if [ -n "$3" ]; then c="$3 $2 {MARK}
$c"; fi
printf "%s\\n" "$c" >"$1"
"""

SCRIPT = f"""\
set -f
T='{_TRY}'
B='{_BASH}'
E='{_ENTER}'
L='{_LINE}'
split() {{
  f= i=1
  for b; do
    if [ "$b" = 0 ]; then eval "W$i=\\$(printf \\"\\$f\\")"; f= i=$((i+1)); else f="$f\\\\$b"; fi
  done
}}
ground() {{
  echo "uid $(id -u)"
  if [ -r /proc/net/tcp ]; then
    echo table; awk '$4 == "0A" {{ print "l", $2 }}' /proc/net/tcp /proc/net/tcp6
  fi
}}
inside() {{
  p=$1 o=$2 s=$3; shift 3; split "$@"
  nsenter -t "$p" -n unshare -m /bin/sh -c "$E" x "$W2" "$W3" "$W1" "$o" "$s" "$B" "$T" 2>&1
  echo "entered $?"
}}
outside() {{
  o=$1 s=$2; shift 2; split "$@"
  /bin/sh -c "$T" x "$W1" "$o" "$s" "$B"
}}
lines() {{
  split "$@"
  while IFS= read -r l || [ -n "$l" ]; do case $l in *" {MARK}") echo "h $l";; esac; done <"$W1" && echo read
}}
line() {{
  split "$@"
  [ -f "$W1" ] && [ ! -L "$W1" ] && /bin/sh -c "$L" x "$W1" "$W2" "$W3" && echo written
}}
"""

IN_CONTAINER_LINE = _LINE
"""The same for a shell in the container: `sh -c THIS dockcon /etc/hosts NAME IP`."""

# NAME PORT SECONDS BASH PYTHON: whatever the image has. There, names are looked up by whoever connects.
IN_CONTAINER_TRY = r"""
if command -v python3 >/dev/null; then exec python3 -c "$5" "$1" "$2" "$3"
elif command -v bash >/dev/null; then bash -c "$4" x "$1" "$2" 2>&1
elif command -v nc >/dev/null; then nc -w "$3" "$1" "$2" </dev/null 2>&1
elif command -v getent >/dev/null; then
  set -- $(getent hosts "$1"); if [ -n "$1" ]; then echo "addr $1"; else echo unknown; fi; exit 0
else echo lacking bash; exit 0; fi
echo "rc $?"
"""

IN_CONTAINER_BASH = _BASH

IN_CONTAINER_PYTHON = """
import socket, sys, time
name, port, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
try:
    kind, _, _, _, where = socket.getaddrinfo(name, port, 0, socket.SOCK_STREAM)[0]
except socket.gaierror:
    sys.exit(print("unknown"))
print("addr", where[0])
peer = socket.socket(kind)
peer.settimeout(limit)
began = time.time()
try:
    peer.connect(where)
except socket.timeout:
    sys.exit(print("rc 124"))
except OSError as error:
    sys.exit(print(error.strerror))
print("us", int((time.time() - began) * 1000000))
peer.settimeout(0.2)
try:
    print("data" if peer.recv(1) else "closed")
except socket.timeout:
    print("held")
except OSError:
    print("closed")
"""

# Prints `child PID START` for every HAProxy below the first process, which inodes its sockets have, and the
# established connections of the network.
IN_CONTAINER_WORKERS = r"""
for d in /proc/[0-9]*; do
  p=${d#/proc/}; s=$(cat "$d/stat" 2>/dev/null) || continue
  case $s in "$p (haproxy) "*) ;; *) continue;; esac
  set -- ${s##*) }
  [ "$2" = 1 ] || continue
  echo "child $p ${20}"
  for f in "$d"/fd/*; do l=$(readlink "$f") && echo "fd $p $l"; done
done 2>/dev/null
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r n l r s a b c d e i x; do
  if [ "$s" = 01 ]; then echo "tcp $l $i"; fi
done
echo told
"""
