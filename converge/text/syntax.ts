// Which parts of a line of configuration are comments, and which are keys: line by line, and no grammar of any format.

export interface Token {
  readonly text: string;
  readonly tone: "comment" | "key" | "plain";
}

interface Syntax {
  readonly path: RegExp;
  /** What names a setting, at the begin of a line after its indentation. */
  readonly key: RegExp;
  /** What begins a comment, where it stands at the begin of a line or after a blank. */
  readonly comment: RegExp;
}

const HASH = /#/y;
const HASH_OR_SEMICOLON = /[#;]/y;

/** The first that fits a path. */
const SYNTAXES: readonly Syntax[] = [
  // A section, or what stands before `=`.
  {
    path: /\.(?:service|socket|timer|target|mount|path|slice|network|netdev|link|ini|toml)$|\/systemd\/.*\.conf$|\/pgbouncer\//,
    key: /\[[^\]]*\]|[^\s=#;[][^=#;]*(?==)/y,
    comment: HASH_OR_SEMICOLON,
  },
  { path: /\/sysctl(?:\.d\/.*)?\.conf$|\/environment$|\.env$/, key: /[^\s=#][^=#]*(?==)/y, comment: HASH },
  { path: /\.ya?ml$/, key: /(?:- )*(?:"[^"]*"|'[^']*'|[^\s#:"'-][^#:]*)(?=:(?:\s|$))/y, comment: HASH },
  { path: /\.json$/, key: /"(?:[^"\\]|\\.)*"(?=\s*:)/y, comment: /(?!)/y },
  // A directive: nginx, HAProxy, Redis, sshd.
  { path: /\.(?:conf|cfg|rules)$|\/sshd_config|\/nginx\//, key: /[A-Za-z_][\w.-]*/y, comment: HASH },
  // Scripts: their comments alone.
  { path: /\.sh$|\/s?bin\//, key: /(?!)/y, comment: HASH },
];

/** The tokens of a line; put together they are the line. */
export type Highlight = (line: string) => Token[];

/** @returns undefined where nothing is known of files of this path */
export function highlightOf(path: string): Highlight | undefined {
  const syntax = SYNTAXES.find((each) => each.path.test(path));
  return syntax && ((line) => tokens(line, syntax));
}

function tokens(line: string, { key, comment }: Syntax): Token[] {
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  const named = matchAt(key, line, indent.length);
  const begin = indent.length + named.length;
  const end = commentAt(line, begin, comment);
  const parts: Token[] = [
    { text: indent, tone: "plain" },
    { text: named, tone: "key" },
    { text: line.slice(begin, end), tone: "plain" },
    { text: line.slice(end), tone: "comment" },
  ];
  return parts.filter(({ text }) => text !== "");
}

function matchAt(pattern: RegExp, line: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0] ?? "";
}

/** What stands in quotes begins none. */
function commentAt(line: string, from: number, comment: RegExp): number {
  let quote = "";
  for (let at = from; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quote !== "") {
      if (char === "\\") at += 1;
      else if (char === quote) quote = "";
      continue;
    }
    const blank = at === 0 || /\s/.test(line.charAt(at - 1));
    if (blank && matchAt(comment, line, at) !== "") return at;
    // Not the apostrophe in a word.
    if (char === '"' || (char === "'" && !/\w/.test(line.charAt(at - 1)))) quote = char;
  }
  return line.length;
}
