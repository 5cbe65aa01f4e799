
# inspect: one round trip that tells whether the host is what its generation says.
inspect() {
  setup
  manifest=$GENERATIONS/$(generation)/manifest
  hash=$(manifest_hash "$manifest")
  say manifest "${hash:-none}"
  [ ! -e "$JOURNAL" ] || say drift "an apply was interrupted"
  [ -n "$hash" ] || return 0
  verify_files "$manifest"
  verify_units "$manifest"
  records sysctl "$manifest" | while IFS="$TAB" read -r key value; do
    sysctl_is "$key" "$value" || say drift "kernel key $key is $(sysctl_read "$key"), not $value"
  done
  missing_packages "$manifest" | while read -r name; do say drift "package $name is not installed"; done
  unheld_packages "$manifest" | while read -r name; do say drift "package $name is not held"; done
  verify_secrets "$manifest"
  verify_actions "$manifest"
}

verify_files() {
  records file "$1" | while IFS="$TAB" read -r _ _ sha _ source path; do
    [ "$source" = blob ] || printf '%s  %s\n' "$sha" "$path"
  done >"$STATE/work/sums"
  if [ -s "$STATE/work/sums" ]; then
    sha256sum --check --quiet "$STATE/work/sums" 2>/dev/null | sed -n "s/: FAILED.*//p" |
      while read -r path; do say drift "$path"; done
  fi
  {
    records file "$1" | while IFS="$TAB" read -r mode owner _ size source path; do
      if [ "$source" = blob ]; then
        stamp=$(records blob "$GENERATIONS/$(generation)/facts" | sed -n "s|$TAB$path\$||p")
        printf '%s %s %s %s\n' "$mode" "$owner" "$size,$stamp" "$path"
      else
        printf '%s %s - %s\n' "$mode" "$owner" "$path"
      fi
    done
    records secret "$1" | while IFS="$TAB" read -r mode owner _ path; do printf '%s %s - %s\n' "$mode" "$owner" "$path"; done
    records dir "$1" | while IFS="$TAB" read -r mode owner path; do printf '%s %s - %s\n' "$mode" "$owner" "$path"; done
  } >"$STATE/work/wanted"
  cut -d' ' -f4 "$STATE/work/wanted" | tr '\n' '\0' | xargs -0 -r stat -c '%04a %U:%G %s,%Z %n' 2>/dev/null |
    awk -v wanted="$STATE/work/wanted" '
      { is[$4] = $1 " " $2; stamp[$4] = $3 }
      END { while ((getline line < wanted) > 0) { split(line, w, " ")
        if (is[w[4]] != w[1] " " w[2] || (w[3] != "-" && stamp[w[4]] != w[3])) print w[4] } }' |
    while read -r path; do say drift "$path (mode, owner or size)"; done
  records archive "$1" | while IFS="$TAB" read -r _ _ path; do
    wanted=$(records tree "$GENERATIONS/$(generation)/facts" | sed -n "s|$TAB$path\$||p")
    if [ ! -d "$path" ] || [ "$(tree_digest "$path")" != "$wanted" ]; then say drift "$path"; fi
  done
}

verify_units() {
  records unit "$1" | while IFS="$TAB" read -r name state; do
    active=$(systemctl is-active "$name" 2>/dev/null) || true
    case "$state:$active" in
      started:active | stopped:inactive | stopped:failed | masked:inactive | masked:failed) ;;
      *) say drift "unit $name is $active, not $state" ;;
    esac
  done
}

# What was prepared may have run out since: a certificate that is due for renewal is no drift of a file.
verify_actions() {
  records action "$1" >"$STATE/work/verify"
  while IFS="$TAB" read -r id when _ check _; do
    [ "$when" = prepare ] || continue
    script "$check" >/dev/null 2>&1 </dev/null || say drift "$id is due"
  done <"$STATE/work/verify"
}

# Only the operator's side knows the values: it compares salted digests.
verify_secrets() {
  records secret "$1" | while IFS="$TAB" read -r _ _ versions path; do
    [ -e "$path" ] || { say drift "$path"; continue; }
    salt=$(head -c 16 /dev/urandom | sha256sum | cut -c1-32)
    printf 'secret\t%s\t%s\t%s\t%s\n' "$versions" "$salt" \
      "$({ printf '%s' "$salt"; cat "$path"; } | sha256sum | cut -c1-64)" "$path"
  done
}

sysctl_file() { printf '/proc/sys/%s' "$1" | tr . /; }
sysctl_read() { tr -s '\t' ' ' <"$(sysctl_file "$1")" 2>/dev/null || echo absent; }
sysctl_is() { [ "$(sysctl_read "$1")" = "$2" ]; }

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
  installed "$1" >"$STATE/work/installed"
  records package "$1" | awk -F "$TAB" -v file="$STATE/work/installed" '
    BEGIN { while ((getline line < file) > 0) { split(line, f, FS); is[f[2]] = f[3] } }
    !($1 in is) || (NF > 1 && is[$1] != $2) { print (NF > 1 ? $1 "=" $2 : $1) }'
}

# pinned_packages MANIFEST: name and version of those that stay as they are until the manifest says another version.
pinned_packages() { records package "$1" | grep "$TAB" || true; }

# unheld_packages MANIFEST: those of them that apt may change as it likes.
unheld_packages() {
  pinned_packages "$1" | cut -f1 | sort >"$STATE/work/pinned"
  [ -s "$STATE/work/pinned" ] || return 0
  installed "$1" | sed -n "/^hold$TAB/!s/^[a-z]*$TAB\([^$TAB]*\)$TAB.*/\1/p" | sort | comm -12 - "$STATE/work/pinned"
}
