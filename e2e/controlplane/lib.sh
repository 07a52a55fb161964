# shellcheck shell=bash disable=SC2034 # the variables are for the scripts that source this file
# Shared by the scripts of this folder. Standard output is for results (paths, NAME=value lines); people read standard error.

# The folder of these scripts; the Go module's files lie here too.
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# Where runs keep their data unless --dir names a folder.
run_root=$(dirname -- "$here")/.run
# Present in every folder that `up` made; nothing is deleted in a folder that lacks it.
marker=.rackwright-controlplane
tools=(etcd kube-apiserver kube-controller-manager kubectl helm)
# In start order; `down` goes backwards, so that no server loses the one it talks to.
servers=(etcd kube-apiserver kube-controller-manager)

say() {
  printf 'controlplane: %s\n' "$*" >&2
}

die() {
  say "error: $*"
  exit 3
}

usage_error() {
  say "error: $*"
  exit 2
}

# Server processes are recognised by their command line, which names the run's folder: a number in a stale pid file may
# belong to somebody else's process by now.
server_pid() { # DIR NAME -> the pid on stdout, or status 1 when it is not running
  local pid
  pid=$(cat -- "$1/pid/$2" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$1/" || return 1
  printf '%s\n' "$pid"
}

any_running() { # DIR
  local name
  for name in "${servers[@]}"; do
    server_pid "$1" "$name" >/dev/null && return 0
  done
  return 1
}

show_logs() { # DIR LINES
  local name
  for name in "${servers[@]}"; do
    [[ -s $1/logs/$name.log ]] || continue
    say "last $2 lines of $1/logs/$name.log:"
    tail -n "$2" -- "$1/logs/$name.log" >&2
  done
}
