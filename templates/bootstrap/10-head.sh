#!/bin/sh
# Brings one Debian host to its bundle: by hand (sh bootstrap.sh apply, in the bundle's folder) or verb by verb over SSH.
# Exit codes: 0 done, 1 no (order), 2 differs (verify), 3 awaits the operator or other hosts, 4 locked, 10 failed with nothing changed,
# 11 failed and put back, 12 failed and could not be put back.
set -eu
umask 022
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
trap '' PIPE
case $0 in /*) SELF=$0 ;; *) SELF=$(readlink -f "$0") ;; esac
# Where the operator stands, and whether others may enter it, plays no part.
cd /

STATE=${SOUNDSTAGE_STATE:-/var/lib/soundstage}
OBJECTS=$STATE/objects
STAGED=$STATE/staged
GENERATIONS=$STATE/generations
CURRENT=$STATE/current
JOURNAL=$STATE/journal
# Gone after a restart, as whoever held it is.
# shellcheck disable=SC2086
LOCK=/run/soundstage$(IFS=/ && set -- $STATE && IFS=- && printf '%s' "$*").lock
TAB=$(printf '\t')
# Where preparing actions find a secret: a file named by the SHA-256 of its path.
export SOUNDSTAGE_SECRETS="$STAGED/secrets"

say() { printf '%s\t%s\n' "$1" "$2"; }

# failed STEP ID CODE FILE: the reason, last lines of the output last, for the operator's side.
failed() {
  printf 'failed\t%s\t%s\t%s\n' "$1" "$2" "$3" >&2
  tail -n 20 "$4" >&2 || true
}

# attempt STEP ID COMMAND...: runs it with its output kept, and reports it when it fails.
attempt() {
  step=$1 id=$2
  shift 2
  log=$WORK/log-$step
  code=0
  "$@" >"$log" 2>&1 </dev/null || code=$?
  [ "$code" = 0 ] || failed "$step" "$id" "$code" "$log"
  return "$code"
}

# script HASH: runs a script of the manifest.
script() { sh -eu "$OBJECTS/$1"; }

# records KIND FILE: the records of a kind, without the kind.
records() { sed -n "s/^$1$TAB//p" "$2"; }

manifest_hash() { sed -n "1s/^soundstage${TAB}1$TAB\([0-9a-f]*\)$TAB.*/\1/p" "$1"; }

digest() { printf '%s' "$1" | sha256sum | cut -c1-64; }

# digests: each path on stdin after its digest; one process for all of them.
digests() {
  rm -rf "$WORK/names" && mkdir "$WORK/names" || return 1
  number=1000000 # of one width, so that the shell's order is theirs
  while read -r path; do
    number=$((number + 1))
    printf '%s' "$path" >"$WORK/names/$number" && printf '%s\n' "$path" || return 1
  done >"$WORK/paths"
  [ ! -s "$WORK/paths" ] || sha256sum "$WORK"/names/* | cut -c1-64 | paste - "$WORK/paths"
}

# Seconds since the machine started: clocks may be set while something waits.
seconds_up() { cut -d. -f1 /proc/uptime; }

# hundredths_up: sets `up`, in hundredths of a second, without another process.
hundredths_up() {
  read -r up _ </proc/uptime
  up=${up%.*}${up#*.}
}

# journal OLD NEW STATE: what is under way, as a whole or not at all: applying, applied (it awaits its proof).
journal() {
  printf '%s\n' "$*" >"$JOURNAL.part" && sync "$JOURNAL.part" && mv -f "$JOURNAL.part" "$JOURNAL" && sync "$STATE/"
}

# The generation that holds; generation 0 is the host before us.
generation() {
  link=0
  # By the shell itself where it can: every verb asks.
  [ ! -L "$CURRENT" ] || link=$(cd -P "$CURRENT" 2>/dev/null && printf '%s' "$PWD") || link=$(readlink "$CURRENT")
  echo "${link##*/}"
}

# What a verb needs for itself while it runs; in memory, so that a full disk does not hinder it.
WORK=$(mktemp -d -p /run soundstage.XXXXXX)
export WORK
trap 'rm -rf "$WORK"' EXIT
# dash ends at a signal without the one above; TERM has to end what awaits its input at once.
trap 'exit 129' HUP
trap 'exit 130' INT

setup() {
  [ -d "$STATE" ] || { mkdir -p "$STATE" && chmod 0700 "$STATE"; }
  for needed in "$OBJECTS" "$STAGED" "$GENERATIONS/0/secrets" "$STATE/running" "$STATE/originals" "$STATE/units"; do
    [ -d "$needed" ] || mkdir -p "$needed"
  done
  [ -e "$GENERATIONS/0/manifest" ] || : >"$GENERATIONS/0/manifest"
}

# keep_script: this script on the host itself, whole or not at all; sets `script` to where it lies.
keep_script() {
  script=$STATE/bin/$(sha256sum "$SELF" | cut -c1-16).sh
  [ "$SELF" != "$script" ] || return 0
  mkdir -p "$STATE/bin" && cp "$SELF" "$script.$$.part" && sync "$script.$$.part" && mv -f "$script.$$.part" "$script"
}

# tree_digest FOLDER: names, modes, sizes and times of a tree; its content came from one verified archive.
tree_digest() { (cd "$1" && find . -printf '%P %y %m %s %T@\n' | sort | sha256sum | cut -c1-64); }

# audit EVENT TEXT: who did what, from where: one line for ever.
audit() {
  printf '%s\t%s\t%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(holder)" "${SSH_CLIENT:-here}" "$1" "$2" >>"$STATE/audit" 2>/dev/null || true
}

# path_digest PATH: what a unit's trigger is compared by.
path_digest() {
  if [ -d "$1" ]; then
    tree_digest "$1"
  elif [ -e "$1" ]; then
    sha256sum "$1" | cut -c1-64
  else
    echo absent
  fi
}
