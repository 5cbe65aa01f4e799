// How deep a text nests and how much it holds, told before it is parsed: the parser recurses, so that a deep text
// would end the process, and takes quadratic time for long brackets and many explicit keys.
import { CST, Lexer } from "yaml";

const MAX_FLOW = 32;
const MAX_INDENT = 200;
/** Thousands of records fit, and are read in a second or two. */
const MAX_TOKENS = 250_000;
const MAX_TOKENS_IN_BRACKETS = 10_000;
const MAX_EXPLICIT = 1000;

export interface Excess {
  readonly offset: number;
  readonly message: string;
}

const DEEP = "this is nested too deeply for a platform file";

/** Where it is too much for a platform file. */
export function excess(text: string): Excess | undefined {
  const indented = new RegExp(`^[ \\t?-]{${MAX_INDENT},}`, "m").exec(text);
  if (indented) return { offset: indented.index, message: DEEP };
  let depth = 0;
  let offset = 0;
  let tokens = 0;
  let inBrackets = 0;
  let explicit = 0;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === "flow-seq-start" || type === "flow-map-start") depth += 1;
    if (type === "flow-seq-end" || type === "flow-map-end") depth = Math.max(0, depth - 1);
    if (type === "explicit-key-ind") explicit += 1;
    tokens += 1;
    inBrackets = depth > 0 ? inBrackets + 1 : 0;
    if (depth > MAX_FLOW) return { offset, message: DEEP };
    if (inBrackets > MAX_TOKENS_IN_BRACKETS)
      return { offset, message: "this is too long for brackets: write an item a line, with - or `key:`" };
    if (explicit > MAX_EXPLICIT)
      return { offset, message: "expected `key: value`: there are too many keys that begin with ?" };
    if (tokens > MAX_TOKENS)
      return {
        offset,
        message: `this file is too long from here on: it has more than ${MAX_TOKENS} words and signs`,
      };
    // The lexer marks documents and values with tokens that are no text of the source.
    if (type !== "doc-mode" && type !== "flow-error-end" && type !== "scalar") offset += token.length;
  }
  return undefined;
}
