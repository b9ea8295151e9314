"""The shell text that looks at a host's connections: constant, for dash and busybox sh, mawk, gawk and
busybox awk.

`look MODE HOST ADDRESSES SOCKETS PID...`: MODE 0 leaves connection tracking alone, 1 reads it as root, 2 also
by `sudo -n`; HOST 1 reads the sockets of the machine's own namespace, 2 those with their owners where the
login is root; ADDRESSES 1 tells the machine's own; the first SOCKETS of the processes are also asked for
their sockets.

Lines begin with a letter: `c` counters, `f` a flow, `x` how many were read and left out, `e` what was said in
place of flows, `n` why there are none, `a` and `b` an address (`b` in the kernel's hexadecimal digits), `s` a
socket of a file of the kernel, `d` a socket as `ss` prints it, `q` its further line.
"""

from __future__ import annotations

ROWS = 20_000
"""Flows that are told at most, as many as can be read and joined within one look."""
CLOSING = 5_000
"""Of them those that end: a busy web server leaves tens of thousands behind it, two minutes each."""
BYTES = 3_000_000

# One process reads every file: a process per file would cost a hundred times as much.
# Files that are not there (the container has just ended) read as nothing.
_AWK = r"""
function counters(k, f,  i, v) {
  while ((getline s < f) > 0) if (substr(s, 1, 4) == "Tcp:") {
    n = split(s, v, " ")
    if (v[2] !~ /^[0-9]/) { if (!names) { names = 1; for (i = 2; i <= n; i++) at[v[i]] = i }; continue }
    print "c", k, v[at["CurrEstab"]], v[at["ActiveOpens"]], v[at["PassiveOpens"]], v[at["AttemptFails"]]
    break
  }
  close(f)
}
function flow(  o, j, st, out) {
  if ($3 == "tcp") { o = 7; st = $6 == "ESTABLISHED" ? "E" : $6 ~ /^SYN_/ ? "S" : "C" }
  else if ($3 == "udp") { o = 6; st = "E" }
  else return
  for (j = o + 4; j <= NF && substr($j, 1, 4) != "src="; j++) if ($j == "[UNREPLIED]" && st != "C") st = "S"
  if (j + 3 > NF) return
  if (st == "C" && ending >= closing) { left++; return }
  out = "f " substr($3, 1, 1) st " " $o " " $(o+1) " " $(o+2) " " $(o+3)
  if (substr($j, 5) != substr($(o+1), 5) || substr($(j+1), 5) != substr($o, 5) ||
      substr($(j+2), 7) != substr($(o+3), 7) || substr($(j+3), 7) != substr($(o+2), 7))
    out = out " " $j " " $(j+1) " " $(j+2) " " $(j+3)
  gsub(/[a-z]+=/, "", out)
  print out
  shown++; bytes += length(out) + 1
  if (st == "C") ending++
}
function tracking(f,  r, all) {
  while ((r = (getline < f)) > 0) {
    if ($1 != "ipv4" && $1 != "ipv6") { if (strange++ < 3) print "e", substr($0, 1, 200); continue }
    read++
    if (shown >= rows || bytes >= most) break
    flow()
  }
  if (r < 0) { print "n absent"; return }
  close(f)
  if (r > 0) {
    left++
    if ((getline all < "/proc/sys/net/netfilter/nf_conntrack_count") > 0 && all > read) left += all - read
  }
  print "x", read + 0, left + 0
}
function sockets(k, f,  r) {
  while ((r = (getline < f)) > 0) if ($4 ~ /^(01|02|03|0A)$/) print "s", k, $2, $3, $4
  if (r == 0) { close(f); return 1 }
  return 0
}
function both(k, f) { if (sockets(k, f) + sockets(k, f "6")) print "o", k }
function addresses(  ip) {
  while ((getline < "/proc/net/fib_trie") > 0) {
    if ($1 == "|--") ip = $2
    else if ($1 == "/32" && $2 == "host" && $3 == "LOCAL" && !(ip in own)) { own[ip]; print "a", ip }
  }
  close("/proc/net/fib_trie")
  while ((getline < "/proc/net/if_inet6") > 0) print "b", $1
  close("/proc/net/if_inet6")
}
BEGIN {
  print "awk"
  for (k = 1; k < ARGC; k++) counters(k - 1, "/proc/" ARGV[k] "/net/snmp")
  if (ct != "") tracking(ct)
  if (own_too) addresses()
  for (k = 1; k <= files && k < ARGC; k++)
    both(k - 1, "/proc/" ARGV[k] "/net/tcp")
  if (machine) both("h", "/proc/net/tcp")
}
"""

# What `ss` says, with the containers of the processes: their full id is the last word of 64 hexadecimal
# digits of their cgroup. Podman's conmon is in a group with such a word, too, and in no container.
_OWNED = r"""
function owner(p,  f, s, n, v, i, id) {
  if (p in known) return known[p]
  f = "/proc/" p "/cgroup"
  while (id == "" && (getline s < f) > 0) {
    if (index(s, "conmon")) continue
    gsub(/[^0-9a-f]+/, " ", s); n = split(s, v, " ")
    for (i = n; i > 0; i--) if (length(v[i]) == 64) { id = v[i]; break }
  }
  close(f); known[p] = id
  return id
}
function pids(s,  id) {
  while (match(s, /pid=[0-9]+/)) {
    id = owner(substr(s, RSTART + 4, RLENGTH - 4)); s = substr(s, RSTART + RLENGTH)
    if (id != "") return id
  }
  return ""
}
/^[^ \t]/ { on = $1 ~ /^(ESTAB|SYN-SENT|SYN-RECV|LISTEN)$/; if (on) print "d", k, $1, $4, $5, pids($0); next }
on && match($0, / rtt:[0-9.]+/) { print "q", substr($0, RSTART + 5, RLENGTH - 5) }
"""

SCRIPT = f"""\
set -f
A='{_AWK}'
O='{_OWNED}'
U=$(id -u)
N=$(printf '\\001\\000' | od -An -tu2)
P=; S=
if [ "$U" = 0 ] && command -v ss >/dev/null; then P=1; if command -v nsenter >/dev/null; then S=1; fi; fi
files() {{
  awk -v ct="$1" -v machine="$2" -v own_too="$3" -v files="$4" -v rows={ROWS} -v closing={CLOSING} \\
    -v most={BYTES} "$A" $5
}}
look() {{
  m=$1 h=$2 a=$3 t=$4; shift 4  # the name n is of the frame around it
  echo "uid $U $N"
  c=
  if [ "$m" = 0 ]; then :
  elif [ "$U" = 0 ]; then c=/proc/net/nf_conntrack
  elif [ "$m" = 2 ]; then c=/dev/stdin
  else echo "n root"; fi
  s=$t; if [ "$S" ]; then s=0; fi
  w=$h; if [ "$P" ]; then w=0; fi
  if [ "$a" = 1 ] && [ ! -r /proc/net/fib_trie ]; then
    ip -o addr | awk '{{ sub("/.*", "", $4); print "a", $4 }}'
  fi
  if [ "$c" = /dev/stdin ]; then sudo -n cat /proc/net/nf_conntrack 2>&1 | files "$c" "$w" "$a" "$s" "$*"
  else files "$c" "$w" "$a" "$s" "$*"; fi
  if [ "$P" ] && [ "$h" != 0 ]; then ss -Htanp | awk -v k=h "$O" && echo "o h"; fi
  if [ "$S" ]; then
    i=0
    for p; do
      if [ "$i" = "$t" ]; then break; fi
      nsenter -t "$p" -n ss -Htani | awk -v k="$i" "$O" && echo "o $i"
      i=$((i+1))
    done
  fi
  times
}}
"""
