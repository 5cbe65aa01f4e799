
# change: what runs is changed, in a transient unit that puts back what it leaves half done.
change() { outlasting soundstage-apply "/bin/sh $SELF recover unit" apply-staged; }

# outlasting UNIT STOP VERB [ARGUMENT...]: a verb of this script in a transient unit that outlives the connection, and
# STOP after it, whatever ends it.
outlasting() {
  : >"$WORK/log-apply"
  # On a busy host systemd now and then still has the unit of the last apply loaded: that is tried again.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    code=0
    : >"$WORK/log-apply.errors"
    transient "$@" || code=$?
    [ ! -e "$WORK/started" ] || break
    clear_unit "$1.service"
  done
  # systemd-run tells whether the unit as a whole went well, its stop command too; the unit itself tells how it went.
  [ ! -e "$WORK/code" ] || code=$(cat "$WORK/code")
  cat "$WORK/log-apply"
  [ ! -s "$WORK/log-apply.errors" ] || cat "$WORK/log-apply.errors" >&2
  return "$code"
}

transient() {
  unit=$1 stop=$2
  shift 2
  systemd-run --quiet --wait --collect --unit="$unit" --property=Type=oneshot \
    --property="StandardOutput=append:$WORK/log-apply" --property="StandardError=append:$WORK/log-apply.errors" \
    --property="ExecStopPost=$stop" --setenv=SOUNDSTAGE_STATE="$STATE" --setenv=SOUNDSTAGE_APPLY="$WORK" \
    /bin/sh "$SELF" "$@" 2>>"$WORK/log-apply.errors"
}

# clear_unit UNIT: what an earlier one left of it, where systemd could not collect it.
clear_unit() {
  systemctl is-active --quiet "$1" || {
    systemctl stop "$1" 2>/dev/null || true
    systemctl reset-failed "$1" 2>/dev/null || true
  }
  sleep 1
}

apply_staged() {
  : >"$SOUNDSTAGE_APPLY/started"
  code=0
  begin >"$SOUNDSTAGE_APPLY/begin" 2>&1 || code=$?
  if [ "$code" != 0 ]; then
    failed apply begin "$code" "$SOUNDSTAGE_APPLY/begin"
    code=10
  elif cat "$SOUNDSTAGE_APPLY/begin" && transition "$old" "$new" && after_actions "$GENERATIONS/$new/manifest" &&
    rearm_guard && journal "$old" "$new" applied; then
    code=0
  else
    put_back || code=$?
  fi
  printf '%s\n' "$code" >"$SOUNDSTAGE_APPLY/code"
  return "$code"
}

# begin: the new generation and the journal of its coming, before anything changes.
begin() {
  old=$(generation)
  new=$((old + 1))
  while [ -e "$GENERATIONS/$new" ]; do new=$((new + 1)); done
  mkdir -p "$GENERATIONS/$new/secrets" && cp "$STAGED/manifest" "$GENERATIONS/$new/manifest" || return 1
  { date -u +%Y-%m-%dT%H:%M:%SZ && holder && cat "$STAGED/origin" 2>/dev/null || echo -; } >"$GENERATIONS/$new/meta" || return 1
  # Secrets that were not sent are those that did not change.
  records secret "$STAGED/manifest" | cut -f4 | while read -r path; do
    key=$(digest "$path")
    for source in "$STAGED/secrets/$key" "$GENERATIONS/$old/secrets/$key"; do
      [ ! -e "$source" ] || { cp "$source" "$GENERATIONS/$new/secrets/$key" || exit 1; break; }
    done
  done || return 1
  install_recovery && arm_guard && rm -rf "$STAGED/secrets" "$STATE/undo" "$STATE/outages" "$STATE/proven" &&
    sync_state "$new" && journal "$old" "$new" applying
}

# sync_state NUMBER: all of ours that is not synced as it comes, with that generation. Not the disk as a whole: what
# packages wrote a moment ago takes its own time.
sync_state() {
  find "$STATE" \( -path "$OBJECTS/*" -o -path "$STATE/incoming" -o -path "$STATE/originals" -o -path "$STAGED/secrets" -o \
    -path "$GENERATIONS/*" ! -path "$GENERATIONS/$1" ! -path "$GENERATIONS/$1/*" \) -prune -o -print0 | xargs -0 sync --
}

# after_actions MANIFEST: those of host scope; cluster scope is asked for by the operator's side, once.
after_actions() {
  records action "$1" >"$WORK/actions"
  while IFS="$TAB" read -r id when scope check apply undo _; do
    [ "$when:$scope" = after:host ] || continue
    due "$id" "$check" || { [ $? = 1 ] && continue; return 1; }
    [ "$undo" = - ] || printf '%s\n' "$undo" >>"$STATE/undo"
    attempt action "$id" script "$apply" || return 1
    say action "$id"
  done <"$WORK/actions"
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

# order GROUP fresh|leads|handover|gate [SECONDS]: 0 or 1 as the script answers; 10 where it fails, which is no answer.
order() {
  column=$(case $2 in fresh) echo 2 ;; leads) echo 3 ;; handover) echo 4 ;; gate) echo 5 ;; esac)
  sha=$(records order "$STAGED/manifest" | awk -F "$TAB" -v group="$1" -v column="$column" '$1 == group { print $column }')
  # Nor in a group that only another bundle has.
  case $sha in '' | -) return 1 ;; esac
  end=$(($(seconds_up) + ${3:-0}))
  while :; do
    code=0
    script "$sha" >"$WORK/log-order" 2>&1 </dev/null || code=$?
    [ "$code" != 0 ] || return 0
    [ "$(seconds_up)" -lt "$end" ] || break
    sleep 1
  done
  case $2:$code in
    fresh:1 | leads:1) return 1 ;;
    gate:*) [ "${3:-0}" != 0 ] || return 1 ;;
  esac
  failed "$2" "$1" "$code" "$WORK/log-order"
  return 10
}

probe() {
  records probe "$STAGED/manifest" >"$WORK/probes"
  waited=''
  while IFS="$TAB" read -r id seconds sha; do
    end=$(($(seconds_up) + seconds))
    until script "$sha" >"$WORK/log-probe" 2>&1 </dev/null; do
      code=$? waited=1
      [ "$(seconds_up)" -lt "$end" ] || { failed probe "$id" "$code" "$WORK/log-probe"; return 10; }
      sleep 1
    done
    say probe "$id"
  done <"$WORK/probes"
  # What did not answer at once was out since the last unit started.
  [ -z "$waited" ] || { hundredths_up && echo "$up" >"$STATE/proven"; } 2>/dev/null || true
}

# outages KNOWN: per unit its verb and, in hundredths of a second, how long that took and then how long probes waited;
# of units that did not start now what was known.
outages() {
  known=/dev/null proven=0
  [ ! -e "$1" ] || known=$1
  [ -s "$STATE/outages" ] || { cat "$known"; return 0; }
  [ ! -e "$STATE/proven" ] || read -r proven <"$STATE/proven"
  awk -F "$TAB" -v proven="$proven" '
    NR == FNR { now[$1] = $2 FS $3; ended = $4; next }
    !($1 in now)
    END { for (unit in now) print unit FS now[unit] FS (proven > ended ? proven - ended : 0) }' "$STATE/outages" "$known"
}

# commit: what was applied and proven becomes the generation that holds.
commit() {
  [ -e "$JOURNAL" ] || { echo "nothing was applied" >&2; return 10; }
  read -r old new _ <"$JOURNAL"
  manifest=$GENERATIONS/$new/manifest
  records file "$manifest" | awk -F "$TAB" '$5 == "blob" { print $6 }' | while read -r path; do
    printf 'blob\t%s\t%s\n' "$(stat -c %Z "$path")" "$path"
  done >"$GENERATIONS/$new/facts"
  record_packages "$manifest" >"$GENERATIONS/$new/packages"
  outages "$GENERATIONS/$old/outages" >"$GENERATIONS/$new/outages"
  sync_state "$new"
  ln -sfn "$GENERATIONS/$new" "$CURRENT.part"
  mv -T "$CURRENT.part" "$CURRENT"
  sync "$STATE/"
  forget_kernel "$manifest"
  rm -f "$STATE/undo" "$STATE/outages" "$STATE/proven" "$JOURNAL"
  disarm_guard
  prune
  prune_archives "$manifest"
  back=''
  [ ! -e "$STAGED/rollback" ] || back=", a rollback to $(cat "$STAGED/rollback")"
  audit generation "$new after $old$back"
  ! grep -q "^retired$TAB" "$manifest" || empty "$manifest"
  say generation "$new"
}

# Five generations and what they name stay; older objects go.
prune() {
  find "$GENERATIONS" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx -e 0 -e "$(generation)" | sort -n | head -n -4 |
    while read -r number; do rm -rf "${GENERATIONS:?}/$number"; done
  wanted_objects "$GENERATIONS"/*/manifest >"$WORK/kept"
  find "$OBJECTS" -type f -printf '%f\n' | sort | comm -23 - "$WORK/kept" | while read -r sha; do rm -f "$OBJECTS/$sha"; done
}
