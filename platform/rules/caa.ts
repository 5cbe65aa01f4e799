// What must hold of CAA records: the grammar of what they say.
import type { Parts } from "../parts.ts";
import type { NamedRecord } from "../zone.ts";
import type { Rule } from "./rule.ts";

type Caa = Extract<NamedRecord, { type: "CAA" }>;

const LABEL = "[a-z0-9]+(?:-+[a-z0-9]+)*";
const AUTHORITY = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, "i");
const PARAMETER = new RegExp(`^${LABEL} *= *[\\x21-\\x3a\\x3c-\\x7e]*$`, "i");

/** RFC 8659 §4.2 for issue and issuewild, §4.4 for iodef. */
const caaIssuer: Rule = {
  id: "caa-issuer",
  find: ({ zones }: Parts) =>
    zones.flatMap(({ records }) =>
      records.flatMap(({ row, path }) => {
        const message = row?.type === "CAA" ? issuerFault(row) : undefined;
        return message === undefined ? [] : [{ path: [...path, "issuer"], message }];
      }),
    ),
};

function issuerFault({ tag, issuer }: Caa): string | undefined {
  // Providers write the value between quotes, and disagree on what a quote inside them means.
  if (/["\\]/.test(issuer)) return "expected a value without quotes and backslashes";
  if (tag === "iodef")
    return /^(?:mailto:[^\s@]+@[^\s@]+|https?:\/\/\S+)$/.test(issuer)
      ? undefined
      : "expected a mailto, http or https URL in iodef";
  const [authority = "", ...parameters] = issuer.split(";").map((part) => part.trim());
  const none = authority === "" && parameters.length > 0;
  if (!none && !AUTHORITY.test(authority))
    return "expected the domain of a certificate authority, or ; for none";
  const closed = parameters.length === 1 && parameters[0] === "";
  return closed || parameters.every((parameter) => PARAMETER.test(parameter))
    ? undefined
    : "expected name=value after each ;";
}

export const caaRules: readonly Rule[] = [caaIssuer];
