
# empty MANIFEST: of a host that left the platform nothing stays but its data, its packages, and what tells of us.
# Until it has ended the host does not count as what its manifest says, so that the next run takes it up again.
empty() {
  number=$(generation)
  packages=$(sed -n "s/^package$TAB//p" "$GENERATIONS"/*/manifest | cut -f1 | sort -u | paste -sd ' ')
  find "$GENERATIONS" -mindepth 1 -maxdepth 1 ! -name 0 ! -name "$number" -exec rm -rf {} +
  rm -rf "$GENERATIONS/$number/produced" "$STATE/incoming" "$STAGED/secrets"
  records file "$1" | cut -f6 | while read -r path; do digest "$path"; done >"$WORK/ours"
  find "$STATE/originals" -type f -printf '%f\n' | while read -r name; do
    grep -qxF "${name%.meta}" "$WORK/ours" || rm -f "$STATE/originals/$name"
  done
  # Empty by now, but for what somebody else put there.
  find /etc/soundstage /opt/soundstage -depth -type d -empty -delete 2>/dev/null || true
  for unit in soundstage-recover.service soundstage-recovered.service; do
    systemctl disable --quiet "$unit" 2>/dev/null || true
    rm -f "/etc/systemd/system/$unit"
  done
  systemctl daemon-reload
  prune
  data=$(records retired "$1")
  records data "$1" | while read -r path; do
    [ -e "$path" ] || continue
    [ "$data" != purged ] || rm -rf "${path:?}"
    say data "$path $data"
  done
  [ -z "$packages" ] || say kept "packages $packages"
  sync -f "$STATE"
  : >"$GENERATIONS/$number/emptied"
  audit retired "data $data"
  say retired "data $data"
}

# leave_groups: by hand too a host that retires leaves its groups first, and does not go where these can not spare it.
leave_groups() {
  grep -q "^retired$TAB" "$STAGED/manifest" || return 0
  records order "$STAGED/manifest" | cut -f1 | while read -r group; do
    code=0
    order "$group" leads || code=$?
    case $code in
      0) order "$group" handover || exit 10 ;;
      1) ;;
      *) exit 10 ;;
    esac
  done
}
