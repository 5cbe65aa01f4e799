
# transition FROM TO: brings files, kernel and units from one generation's manifest to another's.
# Putting back is the same transition the other way round.
transition() {
  from=$GENERATIONS/$1 to=$GENERATIONS/$2
  transition_files "$from" "$to" || return 1
  transition_kernel "$to/manifest" || return 1
  transition_units "$from/manifest" "$to/manifest"
}

# Written beside their places and synced before the first of them is renamed: a full disk changes nothing,
# and a path holds the old file or the new one, never half.
transition_files() {
  gone_paths "$1/manifest" "$2/manifest" >"$WORK/gone"
  wanted_puts "$2" >"$WORK/puts"
  records archive "$2/manifest" | while IFS="$TAB" read -r sha _ path; do
    is_archive "$sha" "$path" || printf '%s\t%s\n' "$sha" "$path"
  done >"$WORK/archives"
  records produces "$1/manifest" >"$WORK/produced"
  # Where a step failed it stays: a signature that was had once may not be had again at once.
  if [ "${1##*/}" -gt "${2##*/}" ]; then
    grep -vxFf "$WORK/produced" "$WORK/gone" >"$WORK/staying" || true
    mv "$WORK/staying" "$WORK/gone"
  fi
  keep_originals "$2" || return 1
  keep_produced "$1" || return 1
  distrust "$1" "$2"
  attempt files folders put_folders "$2/manifest" || return 1
  # What a package or the base system had there comes back.
  digests <"$WORK/gone" | while IFS="$TAB" read -r key path; do
    [ ! -e "$STATE/originals/$key" ] || printf '%s\t%s\n' "$STATE/originals/$key" "$(cut -f1,2,3 "$STATE/originals/$key.meta")"
  done >>"$WORK/puts"
  attempt files "$(wc -l <"$WORK/puts") files" write_parts || {
    parts | xargs -0 -r rm -f
    return 1
  }
  while IFS="$TAB" read -r sha path; do attempt files "$path" unpack "$sha" "$path" || return 1; done <"$WORK/archives"
  while IFS="$TAB" read -r _ _ _ path; do
    attempt files "$path" mv -fT "${path%/*}/.${path##*/}.soundstage" "$path" || return 1
  done <"$WORK/puts"
  while IFS="$TAB" read -r sha path; do attempt files "$path" link_archive "$sha" "$path" || return 1; done <"$WORK/archives"
  cut -f4 "$WORK/puts" >"$WORK/put"
  return_produced "$2/manifest" || return 1
  grep -vxFf "$WORK/put" "$WORK/gone" >"$WORK/removed" || true
  while read -r path; do remove_path "$path"; done <"$WORK/removed"
  folders | sort -zu | xargs -0 -r sync
  { cat "$WORK/put" && cut -f2 "$WORK/archives" && sed 's/$/ (gone)/' "$WORK/removed"; } | while read -r path; do say files "$path"; done
  ! grep -q '^/etc/systemd/system/' "$WORK/put" "$WORK/removed" || systemctl daemon-reload
}

# distrust FROM TO: what somebody changed is what a unit may run with by now: it takes it up anew once that is overwritten.
distrust() {
  { cut -f4 "$WORK/puts"; cut -f2 "$WORK/archives"; } >"$WORK/due"
  overruled "$1" "$2/manifest" | while IFS="$TAB" read -r unit kind; do
    [ -e "$STATE/running/$unit" ] || continue
    { read -r restart; read -r reload; } <"$STATE/running/$unit" || true
    if [ "$kind" = restart ]; then restart=overruled; else reload=overruled; fi
    printf '%s\n%s\n' "$restart" "$reload" >"$STATE/running/$unit"
  done
}

# overruled GENERATION MANIFEST: units of MANIFEST, each with restart or reload, that a path in $WORK/due triggers which
# does not hold what GENERATION put there.
overruled() {
  [ -s "$WORK/due" ] || return 0
  xargs -d '\n' sha256sum <"$WORK/due" >"$WORK/sums" 2>/dev/null || true
  : >"$WORK/due-secrets"
  # Trees that are to be unpacked again are not what they were.
  awk -F "$TAB" -v due="$WORK/due" -v sums="$WORK/sums" -v secrets="$WORK/due-secrets" '
    BEGIN {
      while ((getline <due) > 0) asked[$0] = 1
      while ((getline line <sums) > 0) is[substr(line, 67)] = substr(line, 1, 64)
    }
    !($NF in asked) { next }
    $1 == "archive" || $1 == "file" && is[$NF] != $4 { print $NF }
    $1 == "secret" { print $NF >secrets }' "$1/manifest" >"$WORK/overruled"
  while read -r path; do
    cmp -s "$1/secrets/$(digest "$path")" "$path" || printf '%s\n' "$path"
  done <"$WORK/due-secrets" >>"$WORK/overruled"
  [ ! -s "$WORK/overruled" ] || awk -F "$TAB" -v paths="$WORK/overruled" '
    BEGIN { while ((getline <paths) > 0) overruled[$0] = 1 }
    $1 == "trigger" && ($4 in overruled) { print $2 FS $3 }' "$2"
}

# put_folders MANIFEST [missing]: the folders that it declares, each with its mode and owner; or those that are not there.
put_folders() {
  records dir "$1" >"$WORK/dirs"
  [ -s "$WORK/dirs" ] || return 0
  cut -f3 "$WORK/dirs" | stats | awk -F "$TAB" -v wanted="$WORK/dirs" -v only="${2:-}" '
    { is[$6] = $1 FS $2; type[$6] = $5 }
    END { while ((getline <wanted) > 0)
      if (type[$3] != "directory" || (only == "" && is[$3] != $1 FS $2)) print }' >"$WORK/dirs-due"
  while IFS="$TAB" read -r mode owner path; do
    mkdir -p "$path" && chown "$owner" "$path" && chmod "$mode" "$path" || return 1
  done <"$WORK/dirs-due"
}

# wanted_puts GENERATION: source, mode, owner and path of each file and secret that differs from what the host has.
wanted_puts() {
  differing "$1/manifest" | cut -f2 >"$WORK/differ"
  records file "$1/manifest" | awk -F "$TAB" -v objects="$OBJECTS" -v differ="$WORK/differ" '
    BEGIN { while ((getline <differ) > 0) due[$0] = 1 }
    due[$6] { print objects "/" $3 FS $1 FS $2 FS $6 }'
  records secret "$1/manifest" | while IFS="$TAB" read -r mode owner _ path; do
    secret=$1/secrets/$(digest "$path")
    [ -e "$secret" ] || continue
    if [ -f "$path" ] && [ "$(stat -c '%04a %U:%G' "$path")" = "$mode $owner" ] && cmp -s "$secret" "$path"; then continue; fi
    printf '%s\t%s\t%s\t%s\n' "$secret" "$mode" "$owner" "$path"
  done
}

# What was there before us comes back when we leave: kept, and on the disk, before a path is first overwritten.
# A secret that an action of ours put in its place before is none of that.
keep_originals() {
  : >"$WORK/originals"
  { cut -f4 "$WORK/puts"; grep -vxFf "$WORK/produced" "$WORK/gone"; } | digests | while IFS="$TAB" read -r key path; do
    [ ! -e "$STATE/originals/$key.meta" ] || continue
    [ -s "$WORK/originals" ] || { rm -rf "$STATE/originals/new" && mkdir "$STATE/originals/new"; } || exit 1
    meta=$STATE/originals/new/$key.meta
    if [ -f "$path" ] && [ ! -L "$path" ] && ! cmp -s "$path" "$1/secrets/$key"; then
      cp "$path" "$STATE/originals/$key" || exit 1
      stat -c "%04a$TAB%U:%G$TAB%n" "$path" >"$meta" || exit 1
      echo "$STATE/originals/$key" >>"$WORK/originals"
    else
      printf -- '-\t-\t%s\n' "$path" >"$meta" || exit 1
    fi
    echo "$meta" >>"$WORK/originals"
  done >"$WORK/log-originals" 2>&1 || { failed files originals 1 "$WORK/log-originals"; return 1; }
  [ -s "$WORK/originals" ] || return 0
  # One by one a rename: each is there whole or not at all.
  attempt files originals xargs sync -- <"$WORK/originals" && attempt files originals take_metas && sync "$STATE/originals/"
}

take_metas() { find "$STATE/originals/new" -type f -exec mv -t "$STATE/originals" -- {} + && rmdir "$STATE/originals/new"; }

# keep_produced GENERATION: what actions and services of it made and goes with it is kept there, to come back if need be.
keep_produced() {
  kept=$1/produced
  grep -xFf "$WORK/produced" "$WORK/gone" | while read -r path; do
    key=$(digest "$path")
    if [ ! -e "$path" ] || [ -e "$kept/$key" ]; then continue; fi
    rm -rf "$kept/$key.part"
    mkdir -p "$kept" && cp -a "$path" "$kept/$key.part" && mv -T "$kept/$key.part" "$kept/$key" || exit 1
  done >"$WORK/log-produced" 2>&1 || { failed files produced 1 "$WORK/log-produced"; return 1; }
  [ ! -d "$kept" ] || sync -f "$kept"
}

# return_produced MANIFEST: what belongs to it and has left, from the newest generation that kept it.
return_produced() {
  records produces "$1" | while read -r path; do
    [ ! -e "$path" ] || continue
    key=$(digest "$path")
    # shellcheck disable=SC2012
    from=$(ls -td "$GENERATIONS"/*/produced/"$key" 2>/dev/null | head -n 1)
    [ -n "$from" ] || continue
    beside=$(part "$path")
    rm -rf "$beside"
    attempt files "$path" put_beside "$from" "$beside" && mv -T "$beside" "$path" || exit 1
    say files "$path"
  done
}

put_beside() { mkdir -p "${2%/*}" && cp -a "$1" "$2" && sync -f "$2"; }

part() { printf '%s/.%s.soundstage' "${1%/*}" "${1##*/}"; }
parts() { while IFS="$TAB" read -r _ _ _ path; do printf '%s/.%s.soundstage\0' "${path%/*}" "${path##*/}"; done <"$WORK/puts"; }

# Chained, since `set -e` does not hold below a condition: a copy that a full disk cut short must not be renamed.
# Nobody but root may read a copy until it has the owner and mode that it shall have.
write_parts() {
  while IFS="$TAB" read -r source mode owner path; do
    put "$source" "$mode" "$owner" "${path%/*}/.${path##*/}.soundstage" || return 1
  done <"$WORK/puts"
  parts | xargs -0 -r sync
}

# put SOURCE MODE OWNER PATH: install(1) makes a new file that root alone may read, and gives it owner and mode when it is whole.
put() { install -D --no-target-directory --mode="$2" --owner="${3%:*}" --group="${3#*:}" "$1" "$4"; }

# Folders whose entries changed: a rename lasts once they are synced.
folders() {
  { cat "$WORK/put" "$WORK/removed"; cut -f2 "$WORK/archives"; } |
    while read -r path; do [ ! -d "${path%/*}/" ] || printf '%s/\0' "${path%/*}"; done
}

remove_path() {
  if [ -L "$1" ]; then rm -rf "$1@"*; fi
  # A folder goes at once or not at all: half of one would pass for whole when it is to come back.
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    beside=$(part "$1")
    rm -rf "$beside"
    mv -T "$1" "$beside"
    rm -rf "$beside"
  else
    rm -rf "$1"
  fi
}

# An archive is unpacked beside its path, under its hash, and the path is a link to it: replaced by one rename.
unpack() {
  tree=$2@$(printf %.16s "$1")
  ! is_archive "$1" "$tree" || return 0
  rm -rf "$tree" && mkdir -p "$tree" && tar -xzf "$OBJECTS/$1" --no-same-owner -C "$tree" && chmod -R a+rX "$tree" &&
    tree_digest "$tree" >"$WORK/tree" && printf '%s %s\n' "$1" "$(cat "$WORK/tree")" >"$tree.soundstage" && sync -f "$tree"
}

# is_archive HASH PATH: whether what is there came from that archive and was not touched since.
is_archive() {
  { [ -d "$2" ] && read -r hash tree <"$(readlink -f "$2").soundstage"; } 2>/dev/null || return 1
  [ "$hash" = "$1" ] && [ "$tree" = "$(tree_digest "$2")" ]
}

link_archive() {
  # A folder that stands there is of an earlier version of this script.
  { [ -L "$2" ] || [ ! -d "$2" ] || rm -rf "$2"; } && ln -sfn "${2##*/}@$(printf %.16s "$1")" "$2.soundstage" && mv -fT "$2.soundstage" "$2"
}

# Trees of archives that nothing links to any more.
prune_archives() {
  records archive "$1" | cut -f3 | while read -r path; do
    linked=$(readlink "$path")
    for tree in "$path@"*; do
      case ${tree##*/} in "$linked" | "$linked.soundstage") ;; *) rm -rf "$tree" ;; esac
    done
  done
}
