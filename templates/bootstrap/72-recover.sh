
# put_back: the previous generation again, after a step that failed.
put_back() {
  read -r old new _ <"$JOURNAL"
  [ ! -e "$STATE/undo" ] || tac "$STATE/undo" | while read -r sha; do script "$sha" >"$WORK/log-undo" 2>&1 || true; done
  rm -f "$STATE/undo"
  if transition "$new" "$old" >"$WORK/log-back" 2>&1; then
    forget_kernel "$GENERATIONS/$old/manifest"
    rm -f "$JOURNAL"
    disarm_guard
    rm -rf "${GENERATIONS:?}/$new"
    audit back "generation $old, $new did not hold"
    say back "generation $old is in place again"
    return 11
  fi
  failed back "generation $old" 12 "$WORK/log-back"
  return 12
}

# recover WHEN: finishes what an interrupted apply left, by putting the previous generation back.
recover() {
  [ -e "$JOURNAL" ] || return 0
  read -r old new state <"$JOURNAL"
  # It was committed, but for its journal.
  if [ "$(generation)" = "$new" ]; then rm -f "$STATE/undo" "$JOURNAL"; return 0; fi
  case ${1:-}:$state in
    # ExecStopPost= runs after an apply that went well too: it awaits its proof.
    unit:applied) ;;
    boot:*) recover_at_boot "$old" "$new" ;;
    *) back_in_place ;;
  esac
}

# back_in_place: puts back where that is what was asked for, so that it went well.
back_in_place() {
  code=0
  put_back || code=$?
  [ "$code" = 11 ] || return "$code"
}

# revert: what was applied and is not proven goes.
revert() {
  await_apply guard
  recover
}

# Before any unit of ours starts: its files are put back; what takes running services follows when those can run.
recover_at_boot() {
  transition_files "$GENERATIONS/$2" "$GENERATIONS/$1"
  records unit "$GENERATIONS/$2/manifest" | cut -f1 | while read -r name; do
    records unit "$GENERATIONS/$1/manifest" | cut -f1 | grep -qxF "$name" || systemctl disable "$name" || true
  done
  systemctl daemon-reload
  systemctl start --no-block soundstage-recovered.service
}

# recovered: what is left of that once services run. A run that has the host by then may have put it back, and may be
# applying something else: it is waited for.
recovered() {
  setup
  until take - "its recovery after a restart" >/dev/null; do sleep 1; done
  recover
}

# The host puts back by itself what a power cut interrupted.
install_recovery() {
  [ "$STATE" = /var/lib/soundstage ] || return 0
  case $SELF in
    "$STATE"/bin/*) script=$SELF ;;
    *) keep_script || return 1 ;;
  esac
  ln -sfn "$script" "$STATE/script.part" && mv -fT "$STATE/script.part" "$STATE/script" || return 1
  units=/etc/systemd/system
  recovery_unit >"$WORK/recover" && recovered_unit >"$WORK/recovered"
  if cmp -s "$WORK/recover" "$units/soundstage-recover.service" && cmp -s "$WORK/recovered" "$units/soundstage-recovered.service"; then return 0; fi
  cp "$WORK/recover" "$units/soundstage-recover.service" && cp "$WORK/recovered" "$units/soundstage-recovered.service" &&
    systemctl daemon-reload && systemctl enable --quiet soundstage-recover.service &&
    sync "$units"/soundstage-recover.service "$units"/soundstage-recovered.service "$units/" "$units"/sysinit.target.wants/
}

recovery_unit() {
  cat <<'UNIT'
# Written by Soundstage.
[Unit]
Description=Put back the files of an interrupted apply
DefaultDependencies=no
ConditionPathExists=/var/lib/soundstage/journal
RequiresMountsFor=/var/lib/soundstage
After=local-fs.target
Before=sysinit.target systemd-modules-load.service systemd-sysctl.service nftables.service network-pre.target

[Service]
Type=oneshot
ExecStart=/bin/sh /var/lib/soundstage/script recover boot

[Install]
WantedBy=sysinit.target
UNIT
}

recovered_unit() {
  cat <<'UNIT'
# Written by Soundstage.
[Unit]
Description=Put back kernel keys and units of an interrupted apply
ConditionPathExists=/var/lib/soundstage/journal
After=multi-user.target

[Service]
Type=oneshot
ExecStart=/bin/sh /var/lib/soundstage/script recovered
UNIT
}
