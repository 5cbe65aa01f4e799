
# history: the generations that are kept, a line each: number, whether it holds, manifest, time, by whom, origin.
history() {
  [ -d "$GENERATIONS" ] || return 0
  current=$(generation)
  find "$GENERATIONS" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | while read -r number; do
    # Without facts it was never committed.
    [ -e "$GENERATIONS/$number/facts" ] || continue
    mark=kept
    [ "$number" != "$current" ] || mark=holds
    printf 'generation\t%s\t%s\t%s\t%s\n' "$number" "$mark" "$(manifest_hash "$GENERATIONS/$number/manifest")" \
      "$(paste -s "$GENERATIONS/$number/meta" 2>/dev/null)"
  done
}

# restage NUMBER: an earlier generation as what is to be applied; answers with the groups that it changes in, and with
# the packages that it had and the host has no more, which stay as they are.
restage() {
  setup
  recover
  kept=$GENERATIONS/$1
  [ -e "$kept/facts" ] || { echo "generation $1 is not kept" >&2; return 10; }
  missing=$(wanted_objects "$kept/manifest" | while read -r sha; do [ -e "$OBJECTS/$sha" ] || echo "$sha"; done)
  [ -z "$missing" ] || { echo "generation $1 names what is not kept: $missing" >&2; return 10; }
  rm -rf "$STAGED/secrets"
  mkdir -p "$STAGED/secrets"
  cp "$kept/manifest" "$STAGED/manifest"
  sed -n 3p "$kept/meta" >"$STAGED/origin"
  printf '%s\n' "$1" >"$STAGED/rollback"
  for secret in "$kept"/secrets/*; do [ ! -e "$secret" ] || cp "$secret" "$STAGED/secrets/"; done
  records order "$STAGED/manifest" | cut -f1 | while read -r group; do say group "$group"; done
  missing_packages "$STAGED/manifest" | while read -r name; do say packages "$name is not put back"; done
}
