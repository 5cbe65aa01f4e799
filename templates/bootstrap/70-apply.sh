
# change: what runs is changed, in a transient unit that outlives the connection and puts back what it leaves half done.
change() {
  : >"$STATE/log/apply"
  : >"$STATE/log/apply.errors"
  rm -f "$STATE/work/code" "$STATE/work/started"
  code=0
  # On a busy host systemd now and then fails to start a unit at all: that is tried again.
  for _ in 1 2 3; do
    code=0
    apply_unit || code=$?
    [ ! -e "$STATE/work/started" ] || break
    sleep 1
  done
  # systemd-run tells whether the unit as a whole went well, its stop command too; the unit itself tells how it went.
  [ ! -e "$STATE/work/code" ] || code=$(cat "$STATE/work/code")
  cat "$STATE/log/apply"
  cat "$STATE/log/apply.errors" >&2
  return "$code"
}

apply_unit() {
  # What an earlier apply left of its unit, where systemd could not collect it.
  systemctl is-active --quiet soundstage-apply.service || {
    systemctl stop soundstage-apply.service 2>/dev/null || true
    systemctl reset-failed soundstage-apply.service 2>/dev/null || true
  }
  systemd-run --quiet --wait --collect --unit=soundstage-apply --property=Type=oneshot \
    --property="StandardOutput=append:$STATE/log/apply" --property="StandardError=append:$STATE/log/apply.errors" \
    --property="ExecStopPost=/bin/sh $SELF recover" --setenv=SOUNDSTAGE_STATE="$STATE" \
    /bin/sh "$SELF" apply-staged 2>>"$STATE/log/apply.errors"
}

apply_staged() {
  : >"$STATE/work/started"
  old=$(generation)
  new=$((old + 1))
  while [ -e "$GENERATIONS/$new" ]; do new=$((new + 1)); done
  mkdir -p "$GENERATIONS/$new/secrets"
  cp "$STAGED/manifest" "$GENERATIONS/$new/manifest"
  # Secrets that were not sent are those that did not change.
  records secret "$STAGED/manifest" | cut -f4 | while read -r path; do
    key=$(digest "$path")
    for source in "$STAGED/secrets/$key" "$GENERATIONS/$old/secrets/$key"; do
      [ ! -e "$source" ] || { cp "$source" "$GENERATIONS/$new/secrets/$key"; break; }
    done
  done
  rm -rf "$STAGED/secrets"
  printf '%s %s applying\n' "$old" "$new" >"$JOURNAL"
  sync "$JOURNAL"
  if transition "$old" "$new" && after_actions "$GENERATIONS/$new/manifest"; then
    printf '%s %s applied\n' "$old" "$new" >"$JOURNAL"
    echo 0 >"$STATE/work/code"
  else
    code=0
    put_back || code=$?
    printf '%s\n' "$code" >"$STATE/work/code"
    return "$code"
  fi
}

# after_actions MANIFEST: those of host scope; cluster scope is asked for by the operator's side, once.
after_actions() {
  records action "$1" >"$STATE/work/actions"
  while IFS="$TAB" read -r id when scope check apply undo _; do
    [ "$when:$scope" = after:host ] || continue
    due "$id" "$check" || { [ $? = 1 ] && continue; return 1; }
    [ "$undo" = - ] || printf '%s\n' "$undo" >>"$STATE/undo"
    attempt action "$id" script "$apply" || return 1
    say action "$id"
  done <"$STATE/work/actions"
}

# cluster ID: the action of cluster scope on this member.
cluster() {
  records action "$STAGED/manifest" | while IFS="$TAB" read -r id when _ check apply _ _; do
    [ "$id:$when" = "$1:after" ] || continue
    due "$id" "$check" || { [ $? = 1 ] && exit 0; exit 10; }
    attempt action "$id" script "$apply" || exit 10
    say action "$id"
  done
}

# order GROUP fresh|leads|handover|gate: exit 0 or 1 as the script says.
order() {
  column=$(case $2 in fresh) echo 2 ;; leads) echo 3 ;; handover) echo 4 ;; gate) echo 5 ;; esac)
  sha=$(records order "$STAGED/manifest" | awk -F "$TAB" -v group="$1" -v column="$column" '$1 == group { print $column }')
  [ "$sha" != - ] || return 1
  end=$(($(date +%s) + ${3:-0}))
  while :; do
    code=0
    script "$sha" >"$STATE/log/order" 2>&1 </dev/null || code=$?
    [ "$code" != 0 ] || return 0
    [ "$(date +%s)" -lt "$end" ] || break
    sleep 1
  done
  [ "${3:-0}" = 0 ] || failed gate "$1" "$code" "$STATE/log/order"
  return 1
}

probe() {
  records probe "$STAGED/manifest" >"$STATE/work/probes"
  while IFS="$TAB" read -r id seconds sha; do
    end=$(($(date +%s) + seconds))
    until script "$sha" >"$STATE/log/probe" 2>&1 </dev/null; do
      code=$?
      [ "$(date +%s)" -lt "$end" ] || { failed probe "$id" "$code" "$STATE/log/probe"; return 10; }
      sleep 1
    done
    say probe "$id"
  done <"$STATE/work/probes"
}

# commit: what was applied and proven becomes the generation that holds.
commit() {
  [ -e "$JOURNAL" ] || { echo "nothing was applied" >&2; return 10; }
  read -r old new _ <"$JOURNAL"
  manifest=$GENERATIONS/$new/manifest
  {
    records file "$manifest" | awk -F "$TAB" '$5 == "blob" { print $6 }' | while read -r path; do
      printf 'blob\t%s\t%s\n' "$(stat -c %Z "$path")" "$path"
    done
    records archive "$manifest" | cut -f3 | while read -r path; do printf 'tree\t%s\t%s\n' "$(tree_digest "$path")" "$path"; done
  } >"$GENERATIONS/$new/facts"
  record_packages "$manifest" >"$GENERATIONS/$new/packages"
  ln -sfn "$GENERATIONS/$new" "$CURRENT.part"
  mv -T "$CURRENT.part" "$CURRENT"
  rm -f "$JOURNAL" "$STATE/undo"
  prune
  say generation "$new"
}

# Five generations and what they name stay; older objects go.
prune() {
  find "$GENERATIONS" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx 0 | sort -n | head -n -5 |
    while read -r number; do rm -rf "${GENERATIONS:?}/$number"; done
  for manifest in "$GENERATIONS"/*/manifest; do wanted_objects "$manifest"; done | sort -u >"$STATE/work/kept"
  find "$OBJECTS" -type f -printf '%f\n' | sort | comm -23 - "$STATE/work/kept" | while read -r sha; do rm -f "$OBJECTS/$sha"; done
}

# put_back: the previous generation again, after a step that failed.
put_back() {
  read -r old new _ <"$JOURNAL"
  [ ! -e "$STATE/undo" ] || tac "$STATE/undo" | while read -r sha; do script "$sha" >"$STATE/log/undo" 2>&1 || true; done
  rm -f "$STATE/undo"
  if transition "$new" "$old" >"$STATE/log/back" 2>&1; then
    rm -f "$JOURNAL"
    rm -rf "${GENERATIONS:?}/$new"
    say back "generation $old is in place again"
    return 11
  fi
  failed back "generation $old" 12 "$STATE/log/back"
  return 12
}

# recover: finishes what a killed apply left, by putting the previous generation back.
recover() {
  [ -e "$JOURNAL" ] || return 0
  read -r _ _ state <"$JOURNAL"
  # ExecStopPost runs after an apply that went well too: it awaits its probes.
  if [ "$state" = applied ] && [ "${1:-}" = unit ]; then return 0; fi
  put_back || [ $? = 11 ]
}
