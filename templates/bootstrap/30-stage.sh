
# stage ORIGIN: the plain manifest on stdin; answers with the objects that are missing, and with what is there of one
# whose upload was interrupted.
stage() {
  setup
  recover
  cat >"$STAGED/manifest.part"
  [ -n "$(manifest_hash "$STAGED/manifest.part")" ] || { echo "no manifest arrived" >&2; return 10; }
  mv "$STAGED/manifest.part" "$STAGED/manifest"
  printf '%s\n' "${1:--}" >"$STAGED/origin"
  rm -rf "$STAGED/secrets" "$STAGED/rollback"
  mkdir -p "$STAGED/secrets"
  wanted_objects "$STAGED/manifest" | while read -r sha; do
    [ ! -e "$OBJECTS/$sha" ] || continue
    there=0
    [ ! -e "$STATE/incoming/$sha" ] || there=$(stat -c %s "$STATE/incoming/$sha")
    say missing "$sha$TAB$there"
  done
}

# Everything that a manifest names by hash.
wanted_objects() {
  awk -F "$TAB" '
    function name(from, to) { for (i = from; i <= to; i++) if (length($i) == 64 && $i !~ /[^0-9a-f]/) print $i }
    $1 == "file" { name(4, 4) }
    $1 == "archive" { name(2, 2) }
    $1 == "check" { name(3, 3) }
    $1 == "probe" { name(4, 4) }
    $1 == "action" { name(5, 8) }
    $1 == "order" { name(3, 6) }' "$@" | sort -u
}

# receive: a gzipped tar on stdin, of objects named by their hashes or, as <hash>+, of what an earlier upload of one
# had not brought; none is taken that is not what its name says.
receive() {
  mkdir -p "$STATE/incoming"
  rm -f "$STATE"/incoming/*+
  code=0
  tar -xzf - --no-same-owner -C "$STATE/incoming" || code=$?
  cd "$STATE/incoming"
  for rest in *+; do
    [ ! -e "$rest" ] || { cat "$rest" >>"${rest%+}" && rm "$rest"; }
  done
  # What arrived whole is taken, also of an upload that was cut off; what did not is kept for the next.
  for sha in *; do [ ! -e "$sha" ] || printf '%s  %s\n' "$sha" "$sha"; done | sha256sum --check --strict 2>/dev/null |
    sed -n 's/: OK$//p' >"$WORK/whole"
  xargs -r sync <"$WORK/whole"
  xargs -r mv -t "$OBJECTS" <"$WORK/whole"
  [ "$code" = 0 ] || return "$code"
  # A part that was not what it should have been would never become whole.
  set -- *
  [ ! -e "$1" ] || { rm -f ./*; echo "objects that are not what they should be: $*" >&2; return 10; }
}

# secrets: lines of path, tab, base64 on stdin.
secrets() {
  umask 077
  mkdir -p "$STAGED/secrets"
  while IFS="$TAB" read -r path content; do
    printf '%s' "$content" | base64 -d >"$STAGED/secrets/$(digest "$path")"
  done
}
