"""The shell text of the probe: constant, for dash and busybox sh, mawk, gawk and busybox awk.

`sample SLOW SET ID...`: SLOW 1 also asks what changes slowly (clock, disk, processors); SET 1 replaces the
ids that are kept. `seek ID...` looks for the cgroups of ids that are not in the usual places. `root BYTE...`
names the directory whose file system is measured, each byte as its octal digits.

One awk reads all files: a process per file would cost a hundred times as much, and the shell's own `read`
takes one system call per byte. A cgroup that is not there (the container has just ended) reads as nothing.
"""

from __future__ import annotations

_AWK = r"""
function line(f,  s) { s = ""; if ((getline s < f) > 0) { close(f); return s } return "" }
function value(f, key,  s, n) {
  n = length(key)
  while ((getline s < f) > 0) if (substr(s, 1, n) == key) { close(f); return substr(s, n + 1) }
  close(f); return ""
}
function cpu(dir) { return v == 1 ? line(c dir "/cpuacct.usage") : value(c dir "/cpu.stat", "usage_usec ") }
function find(id,  i, d) {
  if (id in special) { d = special[id]; used = cpu(d); if (used != "") return d }
  if (best) { d = pre[best] id suf[best]; used = cpu(d); if (used != "") return d }
  for (i = 1; i <= n; i++) if (i != best) {
    d = pre[i] id suf[i]; used = cpu(d)
    if (used != "") { best = i; return d }
  }
  return ""
}
function place(p, s) { n++; pre[n] = p; suf[n] = s }
BEGIN {
  split(line("/proc/uptime"), up, " "); split(line("/proc/loadavg"), la, " ")
  while ((getline s < "/proc/meminfo") > 0) {
    split(s, f, " ")
    if (f[1] == "MemTotal:") total = f[2]
    else if (f[1] == "MemFree:") free = f[2]
    else if (f[1] == "MemAvailable:") { free = f[2]; break }
  }
  close("/proc/meminfo")
  print "h", up[1], la[1], total, free
  if (v == 0) exit
  place("/docker/", ""); place("/system.slice/docker-", ".scope")
  place("/machine.slice/libpod-", ".scope"); place("/libpod_parent/libpod-", "")
  place(own "/docker/", ""); place(own "/libpod_parent/libpod-", "")
  user = "/user.slice/user-" uid ".slice/user@" uid ".service/"
  place(user "user.slice/docker-", ".scope"); place(user "user.slice/libpod-", ".scope")
  place(user "app.slice/docker-", ".scope")
  k = 0
  for (i = 1; i < ARGC; i++) {
    id = ARGV[i]
    if ((e = index(id, "=")) > 0) { special[substr(id, 1, e - 1)] = substr(id, e + 1); continue }
    d = find(id)
    if (d == "") print "c" v, k++
    else if (v == 1)
      print "c" v, k++, used, line(m d "/memory.usage_in_bytes"), line(m d "/memory.limit_in_bytes"), \
        value(m d "/memory.stat", "total_inactive_file ")
    else
      print "c" v, k++, used, line(m d "/memory.current"), line(m d "/memory.max"), \
        value(m d "/memory.stat", "inactive_file ")
  }
}
"""

# Where the controllers are mounted and in which group we are ourselves; prints VERSION CPU MEMORY OWN.
_MOUNTS = r"""
$3 == "cgroup" && ("," $4 ",") ~ /,cpuacct,/ && c == "" { c = $2 }
$3 == "cgroup" && ("," $4 ",") ~ /,memory,/ && m == "" { m = $2 }
$3 == "cgroup2" && u == "" { u = $2 }
END {
  own = "/"
  while ((getline s < "/proc/self/cgroup") > 0) {
    split(s, f, ":")
    if (("," f[2] ",") ~ /,memory,/ || (f[2] == "" && m == "")) own = f[3]
  }
  if (c != "" && m != "") print 1, c, m, own
  else if (u != "") print 2, u, u, own
  else print 0, "/", "/", own
}
"""

SCRIPT = f"""\
set -f
A='{_AWK}'
M='{_MOUNTS}'
R=/var/lib/docker W= X=
set -- $(awk "$M" /proc/mounts 2>/dev/null)
V=${{1:-0}} C=$2 G=$3 O=${{4%/}}
U=$(id -u)
root() {{ f=; for b; do f="$f\\\\$b"; done; R=$(printf "$f"); }}
slow() {{
  echo "date $(date +%s.%N)"
  echo "cpus $(nproc || getconf _NPROCESSORS_ONLN || grep -c ^processor /proc/cpuinfo)"
  df -kP "$R" | {{ read -r _; read -r _ t u a _; echo "disk $u $a"; }}
}}
sample() {{
  s=$1
  if [ "$2" = 1 ]; then shift 2; W=$*; fi
  if [ "$s" = 1 ]; then slow; fi
  awk -v v="$V" -v c="$C" -v m="$G" -v own="$O" -v uid="$U" "$A" $X $W
}}
seek() {{
  X=
  if [ "$V" = 0 ]; then return; fi
  f=; for i; do f="$f -o -name *$i*"; done
  L=$(find "$C" -maxdepth 8 -type d ! -name '*conmon*' '(' -name _ $f ')' -prune -print)
  for d in $L; do for i; do case $d in *"$i"*) X="$X $i=${{d#"$C"}}";; esac; done; done
}}
have() {{ if [ -r /proc/loadavg ] && command -v awk >/dev/null; then echo yes $V; fi; }}
"""
