#!/bin/sh
# A container daemon of one's own, without systemd: everything of it is in one folder.
#
#   dockerd.sh start FOLDER       prints the address for DOCKER_HOST
#   dockerd.sh stop FOLDER
#   dockerd.sh run COMMAND...     runs a command that finds a new daemon's address in EDGE_TEST_DOCKER_HOST
#
# Needs root and the Debian packages docker.io and iptables. It changes no firewall rule and no sysctl of this
# machine, so its containers do not reach the internet.
set -eu

fail() {
  echo "dockerd.sh: $1" >&2
  exit 1
}

# Whether the daemon of a folder answers. There is no tool for HTTP over such sockets that every machine has, but
# Python.
answers() {
  python3 - "$1/docker.sock" 2>/dev/null <<'PYTHON'
import socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.settimeout(5)
sock.connect(sys.argv[1])
sock.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
sys.exit(b" 200 " not in sock.recv(64))
PYTHON
}

start() {
  if answers "$1"; then return; fi
  command -v dockerd >/dev/null || fail "there is no dockerd: apt-get install docker.io iptables"
  rm -f "$1/docker.pid"
  setsid dockerd --host "unix://$1/docker.sock" --data-root "$1/data" --exec-root "$1/exec" \
    --pidfile "$1/docker.pid" --exec-opt native.cgroupdriver=cgroupfs --oom-score-adjust 0 \
    --iptables=false --ip6tables=false --ip-forward=false >"$1/log" 2>&1 </dev/null &
  daemon=$!
  tries=0
  until answers "$1"; do
    if ! kill -0 "$daemon" 2>/dev/null; then
      tail -n 20 "$1/log" >&2
      fail "dockerd ended"
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || fail "dockerd does not answer; see $1/log"
    sleep 0.1
  done
}

stop() {
  [ -f "$1/docker.pid" ] || return 0
  daemon=$(cat "$1/docker.pid")
  tries=0
  kill "$daemon" 2>/dev/null || return 0
  while kill -0 "$daemon" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || kill -9 "$daemon"
    sleep 0.1
  done
}

run() {
  folder=$(mktemp -d)
  trap 'stop "$folder"; rm -rf --one-file-system "$folder"' EXIT
  trap 'exit 130' INT TERM
  start "$folder"
  EDGE_TEST_DOCKER_HOST="unix://$folder/docker.sock" "$@"
}

case "${1-}" in
start | stop)
  [ $# -eq 2 ] || fail "usage: dockerd.sh $1 FOLDER"
  mkdir -p "$2"
  folder=$(cd "$2" && pwd)
  "$1" "$folder"
  [ "$1" = stop ] || echo "unix://$folder/docker.sock"
  ;;
run)
  shift
  run "$@"
  ;;
*) fail "usage: dockerd.sh start FOLDER | stop FOLDER | run COMMAND..." ;;
esac
