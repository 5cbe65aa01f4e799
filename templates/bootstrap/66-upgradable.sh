
# Debian's updates outside a bundle. SCOPE is `security`, what its security archive has, or `all`.

# upgradable SCOPE: one round trip that tells what an upgrade would bring, restart and leave; nothing but apt's lists
# changes.
upgradable() {
  manifest=$GENERATIONS/$(generation)/manifest
  [ -s "$manifest" ] || { echo "nothing was applied here yet: soundstage apply" >&2; return 10; }
  if [ -e "$JOURNAL" ] && ! lock_held; then refuse_interrupted; return 10; fi
  observe
  # Without it a mirror that does not answer is passed over, and the host would seem to have all there is.
  attempt packages update apt_get update -qq --error-on=any || return 10
  [ "$1" = all ] || grep -qsx 'Label: Debian-Security' /var/lib/apt/lists/*Release ||
    say note "Debian's security archive is not among its sources: no update can come from there"
  [ ! -e "$STATE/unproven" ] || say unproven "$(cat "$STATE/unproven")"
  simulate "$1" due || return 10
  simulate "$1" offered --ignore-hold --allow-change-held-packages || return 10
  sed "s/^/package$TAB/" "$WORK/due"
  left_behind
  outdated "$WORK/due"
  reboot_due
  sed -n "s/^\(linux-image-[^$TAB]*\)$TAB.*/reboot$TAB\1 comes/p" "$WORK/due"
  members "$manifest"
}

# simulate SCOPE NAME [OPTION...]: what apt would upgrade, into $WORK/NAME: name, version, version that comes, what else
# is said of it.
simulate() {
  scope=$1 into=$2
  shift 2
  preferences "$scope"
  attempt packages upgrade apt_get -s -q -y -o Dir::Etc::PreferencesParts="$WORK/preferences/" "$@" upgrade --with-new-pkgs || return 10
  mv "$WORK/log-packages" "$WORK/simulated-$into"
  awk -v scope="$scope" '
    $1 == "Inst" && $3 ~ /^\[/ && (scope == "all" || / \([^)]*[ ]Debian-Security:/) {
      print $2 "\t" substr($3, 2, length($3) - 2) "\t" substr($4, 2) }' "$WORK/simulated-$into" >"$WORK/$into"
}

# preferences SCOPE: apt's own, and for `security` that archive before newer versions of others.
preferences() {
  [ ! -e "$WORK/preferences" ] || return 0
  mkdir "$WORK/preferences"
  find /etc/apt/preferences.d -maxdepth 1 -type f -exec cp {} "$WORK/preferences" \; 2>/dev/null || true
  [ "$1" = all ] ||
    printf 'Package: *\nPin: release l=Debian-Security\nPin-Priority: 990\n' >"$WORK/preferences/soundstage.pref"
}

# left_behind: what there is and does not come: ours, which packages.lock pins; held by somebody; kept back by apt.
left_behind() {
  apt-mark showhold >"$WORK/holds"
  awk '/^The following packages have been kept back:/ { list = 1; next } /^[^ ]/ { list = 0 }
    list { for (i = 1; i <= NF; i++) print $i }' "$WORK/simulated-offered" >"$WORK/kept"
  awk -F "$TAB" -v due="$WORK/due" -v holds="$WORK/holds" -v ours="$STATE/held" -v kept="$WORK/kept" '
    BEGIN { while ((getline line <due) > 0) { split(line, f, FS); comes[f[1]] = 1 }
      while ((getline line <holds) > 0) held[line] = "somebody"
      while ((getline line <ours) > 0) held[line] = "packages.lock" }
    $1 in comes { next }
    { print "held" FS $0 FS ($1 in held ? held[$1] : "another that is held") }
    END { while ((getline line <kept) > 0) print "held" FS line FS "-" FS "-" FS "apt, which would have to remove others" }
  ' "$WORK/offered"
}
