// What is wrong with the file: where, what was expected, what was found; all of it at once.

export interface Fault {
  readonly message: string;
  /** 1-based; absent where the place is an override. */
  readonly line?: number;
  readonly column?: number;
  /** Where it is, when it is no place in the file. */
  readonly source?: string;
  /** Rule that found it. */
  readonly rule?: string;
}

const CONTEXT = 110;
/** What stands after these words may be a secret: it is shown nowhere. */
const SECRETIVE =
  /((?:password|token|secret|passphrase|private_?key)\w*["']?\s*:\s*)(?!\{\s*(?:env|file|command)\b)(\S.*)$/gim;

export class PlatformFaults extends Error {
  readonly faults: readonly Fault[];

  constructor(file: string, text: string, faults: readonly Fault[]) {
    const lines = text.split("\n");
    const sorted = [...faults].sort(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    );
    const shown = sorted.map((fault) => render(file, lines, fault)).join("\n\n");
    const count = `${sorted.length} ${sorted.length === 1 ? "fault" : "faults"} in ${file}`;
    super(`${withoutSecrets(text, shown)}\n\n${count}`);
    this.name = "PlatformFaults";
    this.faults = sorted;
  }
}

function render(
  file: string,
  lines: readonly string[],
  { line, column, source, message, rule }: Fault,
): string {
  const what = rule ? `${message} [${rule}]` : message;
  if (line === undefined || column === undefined) return `${source ?? file}: ${what}`;
  const shown = masked(lines[line - 1] ?? "");
  const start = Math.max(0, Math.min(column - 1, shown.length) - CONTEXT / 2);
  const part = shown.slice(start, start + CONTEXT);
  const before = start > 0 ? "…" : "";
  const after = shown.length > start + CONTEXT ? "…" : "";
  const gutter = String(line).padStart(4);
  const caret = " ".repeat(before.length + Math.min(column - 1, shown.length) - start);
  return `${file}:${line}:${column}: ${what}\n${gutter} | ${before}${part}${after}\n     | ${caret}^`;
}

/** A line as it may be shown: without what is or may be a secret. */
function masked(line: string): string {
  if (/-----BEGIN|PRIVATE KEY/.test(line)) return "(a private key)";
  return line.replace(SECRETIVE, "$1********");
}

/** Also where a slip of syntax made a secret part of some other value. */
function withoutSecrets(text: string, shown: string): string {
  const secrets = [...text.matchAll(SECRETIVE)]
    .map((match) => (match[2] as string).trim())
    .filter((secret) => secret.length >= 4);
  return secrets.reduce((result, secret) => result.replaceAll(secret, "********"), shown);
}
