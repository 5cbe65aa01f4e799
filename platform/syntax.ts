// What the YAML parser says, in words of ours: its own quote the text, which may hold a secret.
import type { YAMLParseError, YAMLWarning } from "yaml";

const WORDS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias takes neither a tag nor an anchor",
  BAD_ALIAS: "expected a name after & or *",
  BAD_DIRECTIVE: "directives are not used in this file: remove this line",
  BAD_DQ_ESCAPE:
    "this escape is not known in double quotes: write \\\\ for a backslash, or use single quotes",
  BAD_INDENT: "expected the indentation of what it belongs to, and every bracket closed",
  BAD_PROP_ORDER: "anchors and tags stand right before their value",
  BAD_SCALAR_START: "a value can not start with this character: put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: 'expected one value after the key: a text with ": " in it needs quotes',
  BLOCK_IN_FLOW: "expected values in [ ] or { } here, found lines of their own",
  KEY_OVER_1024_CHARS: "a key has at most 1024 characters",
  MULTILINE_IMPLICIT_KEY: "expected `key: value` on one line",
  MULTIPLE_ANCHORS: "a value has one anchor at most",
  MULTIPLE_DOCS: "expected one document, found a second one",
  MULTIPLE_TAGS: "a value has one tag at most",
  NON_STRING_KEY: "expected a text as key",
  RESOURCE_EXHAUSTION: "this is nested too deeply",
  TAB_AS_INDENT: "a tab can not indent: expected spaces",
  TAG_RESOLVE_FAILED: "tags are not used in this file: write the value alone",
  UNEXPECTED_TOKEN:
    "this does not belong here: a bracket, comma or quote before it is one too many or missing",
};

/** The parser's messages of a missing character are of fixed text. */
export function syntaxWords({ code, message }: YAMLParseError | YAMLWarning): string {
  if (message.startsWith("Missing closing")) return "this quote is never closed";
  if (code === "MISSING_CHAR") return `${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  return WORDS[code] ?? "this is not YAML";
}
