/** RFC 5280, ub-common-name. */
const LONGEST = 64;

/** What is wrong with the first name of a certificate, which becomes its common name. */
export function commonNameFault(name: string): string | undefined {
  return name.length > LONGEST
    ? `common name "${name}" is longer than ${LONGEST} characters (RFC 5280, ub-common-name): name another first`
    : undefined;
}
