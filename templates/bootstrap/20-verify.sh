
# inspect: one round trip that tells whether the host is what its generation says.
inspect() {
  setup
  observe
}

observe() {
  held=$GENERATIONS/$(generation)
  take_apart "$held/manifest"
  hash='' origin=''
  [ ! -e "$WORK/is/soundstage" ] || IFS="$TAB" read -r _ hash _ <"$WORK/is/soundstage"
  [ ! -e "$held/meta" ] || { read -r _ && read -r _ && read -r origin; } <"$held/meta" || true
  say manifest "${hash:-none}"
  say generation "${held##*/}"
  say origin "$origin"
  interrupted
  [ -n "$hash" ] || return 0
  verify_files "$held/manifest"
  [ ! -e "$WORK/is/unit" ] || verify_units
  [ ! -e "$WORK/is/sysctl" ] || verify_kernel
  if [ -e "$WORK/is/package" ]; then
    missing_packages "$held/manifest" | while read -r name; do say drift "package $name is not installed"; done
    unheld_packages "$held/manifest" | while read -r name; do say drift "package $name is not held"; done
  fi
  [ ! -e "$WORK/is/secret" ] || verify_secrets
  [ ! -e "$WORK/is/action" ] || verify_actions
  [ ! -e "$WORK/is/retired" ] || [ -e "$held/emptied" ] || say drift "what it had before it retired is not all gone"
}

# take_apart MANIFEST: its records in a file for each kind, by one process.
take_apart() {
  mkdir "$WORK/is"
  awk -F "$TAB" -v folder="$WORK/is/" '{ kind = $1; sub(/^[^\t]*\t/, ""); print >(folder kind) }' "$1"
}

# A journal that somebody is still writing is no drift.
interrupted() {
  [ -e "$JOURNAL" ] || return 0
  if lock_held; then say busy "$(holder)"; else say drift "an apply was interrupted"; fi
}

verify_files() {
  differing "$1" >"$WORK/otherwise"
  while IFS="$TAB" read -r what path; do
    [ "$what" = content ] || continue
    if [ -e "$path" ] || [ -L "$path" ]; then say drift "$path"; else say drift "$path (gone)"; fi
  done <"$WORK/otherwise"
  awk -F "$TAB" -v otherwise="$WORK/otherwise" '
    BEGIN { while ((getline <otherwise) > 0) if ($1 == "mode") mode[$2] = 1 }
    $1 == "file" && mode[$7] { print $2 FS $3 FS $7 }
    $1 == "secret" { print $2 FS $3 FS $5 }
    $1 == "dir" { print $2 FS $3 FS $4 }' "$1" >"$WORK/plain"
  [ ! -s "$WORK/plain" ] || cut -f3 "$WORK/plain" | stats | awk -F "$TAB" -v wanted="$WORK/plain" '
    { mode[$6] = $1; owner[$6] = $2 }
    END { while ((getline <wanted) > 0) {
      if (mode[$3] == $1 && owner[$3] == $2) continue
      how = mode[$3] == $1 ? "" : "mode is " mode[$3] ", not " $1
      if (owner[$3] != $2) how = how (how == "" ? "" : ", ") "owner is " owner[$3] ", not " $2
      print $3 " (" (mode[$3] == "" ? "gone" : how) ")" } }' |
    while read -r drifted; do say drift "$drifted"; done
  [ ! -e "$WORK/is/archive" ] || while IFS="$TAB" read -r sha _ path; do is_archive "$sha" "$path" || say drift "$path"; done <"$WORK/is/archive"
}

# stats: for paths on stdin, a line each that is there: mode, owner, size, time of change, type, path.
stats() { xargs -d '\n' -r stat --printf '%04a\t%U:%G\t%s\t%Z\t%F\t%n\n' 2>/dev/null || true; }

# differing MANIFEST: its files that the host has otherwise, all judged at once: content or mode, tab, path.
# A large file that has not been touched since it was applied is not read again.
differing() {
  awk -F "$TAB" '$1 == "file" { print $7 }' "$1" | stats >"$WORK/stats"
  awk -F "$TAB" -v held="$GENERATIONS/$(generation)" -v stats="$WORK/stats" -v same="$WORK/same" '
    BEGIN { printf "" >same
      while ((getline <(held "/manifest")) > 0) if ($1 == "file" && $6 == "blob") blob[$7] = $4
      while ((getline <(held "/facts")) > 0) if ($1 == "blob") fact[$3] = $2
      while ((getline <stats) > 0) { there[$6] = 1; time[$6] = $4; size[$6] = $3 } }
    $1 != "file" || !there[$7] { next }
    $6 == "blob" && blob[$7] == $4 && fact[$7] == time[$7] && size[$7] == $5 { print $4 "  " $7 >same; next }
    { print $7 }' "$1" | xargs -d '\n' -r sha256sum 2>/dev/null >"$WORK/read" || true
  awk -F "$TAB" -v stats="$WORK/stats" -v read="$WORK/read" -v same="$WORK/same" '
    BEGIN { while ((getline <stats) > 0) { is[$6] = $1 FS $2; type[$6] = $5 }
      while ((getline <read) > 0) sum[substr($0, 67)] = substr($0, 1, 64)
      while ((getline <same) > 0) sum[substr($0, 67)] = substr($0, 1, 64) }
    $1 != "file" { next }
    type[$7] !~ /^regular/ || sum[$7] != $4 { print "content" FS $7; next }
    is[$7] != $2 FS $3 { print "mode" FS $7 }' "$1"
}

verify_kernel() {
  awk -F "$TAB" '{
    file = "/proc/sys/" $1
    gsub(/\./, "/", file)
    is = "absent"
    if ((getline line <file) > 0) { is = line; gsub(/[ \t]+/, " ", is) }
    close(file)
    if (is != $2) print $1 FS is FS $2 }' "$WORK/is/sysctl" | while IFS="$TAB" read -r key is wanted; do
    say drift "kernel key $key is $is, not $wanted"
  done
}

verify_units() {
  # systemctl answers a line for each, in the order in which it is asked.
  cut -f1 "$WORK/is/unit" | xargs systemctl is-active 2>/dev/null >"$WORK/active" || true
  paste "$WORK/is/unit" "$WORK/active" | while IFS="$TAB" read -r name state active; do
    case "$state:$active" in
      started:active | stopped:inactive | stopped:failed | masked:inactive | masked:failed) ;;
      *) say drift "unit $name is ${active:-unknown}, not $state" ;;
    esac
  done
}

# What was prepared may have run out since: a certificate that is due for renewal is no drift of a file.
verify_actions() {
  while IFS="$TAB" read -r id when _ check _; do
    [ "$when" = prepare ] || continue
    script "$check" >/dev/null 2>&1 </dev/null || say drift "$id is due"
  done <"$WORK/is/action"
}

# Only the operator's side knows the values: it compares salted digests.
verify_secrets() {
  salt=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  while IFS="$TAB" read -r _ _ versions path; do
    [ -e "$path" ] || { say drift "$path"; continue; }
    sum=$({ printf '%s' "$salt"; cat "$path"; } | sha256sum)
    printf 'secret\t%s\t%s\t%s\t%s\n' "$versions" "$salt" "${sum%% *}" "$path"
  done <"$WORK/is/secret"
}

# sysctl_read KEY: sets `value`, its fields separated by single blanks as they are declared; absent where there is none.
# The shell's own `read` takes a byte at a time, and such a file gives its value to the first read alone.
sysctl_read() { value=$(tr -s '\t' ' ' <"$(sysctl_file "$1")" 2>/dev/null) || value=absent; }
sysctl_file() { printf '/proc/sys/%s' "$1" | tr . /; }
sysctl_is() { sysctl_read "$1"; [ "$value" = "$2" ]; }

# installed MANIFEST: those of its packages that are installed: what dpkg is asked to do with them, name, version.
installed() {
  names=$(records package "$1" | cut -f1)
  [ -n "$names" ] || return 0
  # shellcheck disable=SC2086
  dpkg-query -W -f '${db:Status-Status}\t${db:Status-Want}\t${Package}\t${Version}\n' $names 2>/dev/null |
    sed -n "s/^installed$TAB//p"
}

# missing_packages MANIFEST: what is not installed, or not in the version that the manifest pins, as apt-get names it.
missing_packages() {
  installed "$1" >"$WORK/installed"
  records package "$1" | awk -F "$TAB" -v file="$WORK/installed" '
    BEGIN { while ((getline line < file) > 0) { split(line, f, FS); is[f[2]] = f[3] } }
    !($1 in is) || (NF > 1 && is[$1] != $2) { print (NF > 1 ? $1 "=" $2 : $1) }'
}

# pinned_packages MANIFEST: name and version of those that stay as they are until the manifest says another version.
pinned_packages() { records package "$1" | grep "$TAB" || true; }

# unheld_packages MANIFEST: those of them that apt may change as it likes.
unheld_packages() {
  pinned_packages "$1" | cut -f1 | sort >"$WORK/pinned"
  [ -s "$WORK/pinned" ] || return 0
  installed "$1" | sed -n "/^hold$TAB/!s/^[a-z]*$TAB\([^$TAB]*\)$TAB.*/\1/p" | sort | comm -12 - "$WORK/pinned"
}
