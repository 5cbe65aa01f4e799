// How deep a text nests, told before it is parsed: the parser recurses, and a deep text would end the process.
import { CST, Lexer } from "yaml";

const MAX_FLOW = 32;
const MAX_INDENT = 200;

/** Offset where it is too deep for a platform file. */
export function tooDeep(text: string): number | undefined {
  const indented = new RegExp(`^[ \\t?-]{${MAX_INDENT},}`, "m").exec(text);
  if (indented) return indented.index;
  let depth = 0;
  let offset = 0;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === "flow-seq-start" || type === "flow-map-start") depth += 1;
    if (type === "flow-seq-end" || type === "flow-map-end") depth -= 1;
    if (depth > MAX_FLOW) return offset;
    // The lexer marks documents and values with tokens that are no text of the source.
    if (type !== "doc-mode" && type !== "flow-error-end" && type !== "scalar") offset += token.length;
  }
  return undefined;
}
