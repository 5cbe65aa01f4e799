#!/bin/sh
# A host's place in etcd: it joins a cluster that goes on without it, and leaves one that shall.
# usage: member.sh join | listed URL PEER… | spared URL PEER… | leave URL PEER…
# URL is a member's peer URL, PEER the client URL of another. `join` runs before etcd starts, with its environment.
set -eu
TLS=/etc/etcd/tls
MEMBERS=/etc/soundstage/etcd/members
ENVIRONMENT=/run/soundstage-etcd/environment
# Members count as connected once they have been for 5 s: until then etcd refuses to change who they are.
PATIENCE=60

# ctl ENDPOINTS ARGUMENTS…
ctl() {
  at=$1
  shift
  ETCDCTL_API=3 etcdctl --endpoints="$at" --cacert="$TLS/ca.crt" --cert="$TLS/host.crt" --key="$TLS/host.key" \
    --dial-timeout=2s --command-timeout=5s "$@"
}

# healthy PEER…: prints the first that has a quorum behind it: what it says of the members is not out of date.
healthy() {
  for peer; do
    if ctl "$peer" endpoint health >/dev/null 2>&1; then
      echo "$peer"
      return 0
    fi
  done
  return 1
}

# of LIST URL FIELD: 1 id, 3 name, 5 client URL of the member; nothing where it has none, or is none.
of() { printf '%s\n' "$1" | awk -F ', ' -v url="$2" -v field="$3" '$4 == url { print $field }'; }

# patiently COMMAND…: tried again while etcd is not ready for it.
patiently() {
  tries=0
  until said=$("$@" 2>&1); do
    tries=$((tries + 1))
    if [ "$tries" -ge "$PATIENCE" ]; then
      printf '%s\n' "$said" >&2
      return 1
    fi
    sleep 1
  done
}

# out ENDPOINT URL: the member is none any more. `set -e` does not hold below a condition, and no list is no answer.
out() {
  list=$(ctl "$1" member list) || return 1
  id=$(of "$list" "$2" 1)
  [ -z "$id" ] || ctl "$1" member remove "$id"
}

# settings STATE CLUSTER: what etcd is started with.
settings() { printf 'ETCD_INITIAL_CLUSTER_STATE=%s\nETCD_INITIAL_CLUSTER=%s\n' "$1" "$2" >"$ENVIRONMENT"; }

# cluster LIST URL NAME: the members as etcd wants them told; who has not started has no name yet.
cluster() {
  printf '%s\n' "$1" | awk -F ', ' -v url="$2" -v name="$3" '
    { called = $4 == url ? name : ($3 == "" ? "unnamed-" $1 : $3)
      text = text (text == "" ? "" : ",") called "=" $4 }
    END { print text }'
}

join() {
  url=$ETCD_INITIAL_ADVERTISE_PEER_URLS
  peers=$(awk -v url="$url" '$1 == "member" && $3 != url { sub(/:2380$/, ":2379", $3); print $3 }' "$MEMBERS")
  # shellcheck disable=SC2086
  if ! endpoint=$(healthy $peers); then
    alone
    return
  fi
  awk '$1 == "lost" { print $3 }' "$MEMBERS" | while read -r lost; do patiently out "$endpoint" "$lost"; done
  list=$(ctl "$endpoint" member list)
  id=$(of "$list" "$url" 1)
  # It was a member, and its data is gone: under its old number it would have promised what it no longer knows.
  if [ -n "$id" ] && [ ! -d "$ETCD_DATA_DIR/member" ] && [ -n "$(of "$list" "$url" 5)" ]; then
    echo "the data of this member is gone: it joins anew"
    patiently out "$endpoint" "$url"
    id=
  fi
  if [ -z "$id" ]; then
    echo "joins the cluster that $endpoint is of"
    patiently ctl "$endpoint" member add "$ETCD_NAME" --peer-urls="$url"
    # Of a membership that has ended.
    if [ -d "$ETCD_DATA_DIR/member" ]; then
      rm -rf "$ETCD_DATA_DIR.left"
      mv "$ETCD_DATA_DIR" "$ETCD_DATA_DIR.left"
    fi
    list=$(ctl "$endpoint" member list)
  fi
  settings existing "$(cluster "$list" "$url" "$ETCD_NAME")"
}

# No other member has a quorum: it is the first start of all of them, or one after all were down.
alone() {
  if [ ! -d "$ETCD_DATA_DIR/member" ]; then
    for peer in $peers; do
      list=$(ctl "$peer" member list 2>/dev/null) || continue
      [ -z "$(of "$list" "$url" 1)" ] || [ -n "$(of "$list" "$url" 5)" ] || continue
      echo "the cluster that $peer is of has no quorum, so that none can join it: bring its members back first" >&2
      return 1
    done
  fi
  settings new "$(awk '$1 == "member" { text = text (text == "" ? "" : ",") $2 "=" $3 } END { print text }' "$MEMBERS")"
}

# listed URL PEER…: whether it is a member, as one with a quorum behind it knows.
listed() {
  url=$1
  shift
  [ -s "$TLS/host.key" ] || return 1
  endpoint=$(healthy "$@") || { echo "none of $* has a quorum behind it" >&2; return 2; }
  list=$(ctl "$endpoint" member list) || return 2
  [ -n "$(of "$list" "$url" 1)" ]
}

# spared URL PEER…: whether the others go on without it; sets endpoint.
spared() {
  url=$1
  shift
  endpoint=$(healthy "$@") || { echo "none of $* has a quorum behind it" >&2; return 1; }
  list=$(ctl "$endpoint" member list) || return 1
  others=0 well=0
  for client in $(printf '%s\n' "$list" | awk -F ', ' -v url="$url" '$4 != url { print $5 == "" ? "none" : $5 }'); do
    others=$((others + 1))
    if ctl "$client" endpoint health >/dev/null 2>&1; then well=$((well + 1)); fi
  done
  if [ $((well * 2)) -le "$others" ]; then
    echo "etcd would lose its majority: of the $others other members $well answer; bring them back first" >&2
    return 1
  fi
}

# leave URL PEER…: the member is taken out, be it this host or one that is dead.
leave() {
  spared "$@"
  patiently out "$endpoint" "$url"
}

verb=${1:-}
[ "$#" = 0 ] || shift
case $verb in
  join | listed | spared | leave) "$verb" "$@" ;;
  *) echo "usage: member.sh join | listed URL PEER… | spared URL PEER… | leave URL PEER…" >&2; exit 10 ;;
esac
