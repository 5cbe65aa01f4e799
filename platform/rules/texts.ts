// What must hold of TXT records, and of the mail settings that become some.

import type { Path } from "../document.ts";
import { mailRecords } from "../mail.ts";
import { dkimFault, dkimKeyFault } from "../mail-text/dkim.ts";
import { dmarcFault } from "../mail-text/dmarc.ts";
import { spfFault } from "../mail-text/spf.ts";
import type { Parts } from "../parts.ts";
import { type Finding, type Rule, repeated } from "./rule.ts";

interface Text {
  readonly owner: string;
  readonly text: string;
  readonly path: Path;
}

const MAX_BYTES = 65_280;

function textsOf({ zones }: Parts): Text[] {
  return zones.flatMap(({ name, path, records, mail }) => [
    ...(mail === undefined ? [] : mailRecords(mail, name)).flatMap((row) =>
      // Of a key its own form is judged, where it stands.
      row.type === "TXT" && row.at[0] !== "dkim"
        ? [{ owner: row.owner, text: row.text, path: [...path, "mail", ...row.at] }]
        : [],
    ),
    ...records.flatMap(({ row, path: at }) =>
      row?.type === "TXT" ? [{ owner: row.owner, text: row.text, path: [...at, "text"] }] : [],
    ),
  ]);
}

const isSpf = ({ text }: Text) => /^v=spf1( |$)/i.test(text);
const each = (find: (text: Text) => string | undefined) => (parts: Parts) =>
  textsOf(parts).flatMap((text): Finding[] => {
    const message = find(text);
    return message === undefined ? [] : [{ path: text.path, message }];
  });

/** RFC 1035 §3.3.14: strings of at most 255 bytes, of which the constructs make as many as it takes. */
const txtLength: Rule = {
  id: "txt-length",
  find: each(({ text }) => {
    const { length } = new TextEncoder().encode(text);
    return length > MAX_BYTES ? `a TXT record holds at most ${MAX_BYTES} bytes, found ${length}` : undefined;
  }),
};

/** octoDNS, `chunked-value-rfc`: providers disagree on the rest. */
const txtAscii: Rule = {
  id: "txt-ascii",
  find: each(({ text }) =>
    /[^\x20-\x7e]/.test(text)
      ? "expected printable ASCII characters in a TXT record, found others"
      : undefined,
  ),
};

/** RFC 8555 §8.4: the challenge is written by the client of the authority. */
const acmeReserved: Rule = {
  id: "acme-reserved",
  find: ({ zones }) =>
    zones.flatMap(({ records }) =>
      records
        .filter(({ owner, type }) => owner.startsWith("_acme-challenge.") && type === "TXT")
        .map(({ path }) => ({
          path: [...path, "name"],
          message:
            "_acme-challenge belongs to the client of the certificate authority: it is not declared here",
        })),
    ),
};

/** RFC 7208 §4.5. */
const spfSingle: Rule = {
  id: "spf-single",
  find: (parts) =>
    repeated(textsOf(parts).filter(isSpf), ({ owner }) => owner).map(([{ path, owner }]) => ({
      path,
      message: `${owner} has an SPF record already, and receivers refuse two: join them`,
    })),
};

/** RFC 7208 §4.6, §4.6.4, §5. */
const spfSyntax: Rule = {
  id: "spf-syntax",
  find: each((text) => (isSpf(text) || text.path.at(-1) === "spf" ? spfFault(text.text) : undefined)),
};

/** RFC 7489 §6.6.3. */
const dmarcSingle: Rule = {
  id: "dmarc-single",
  find: (parts) =>
    repeated(
      textsOf(parts).filter(({ owner }) => owner.startsWith("_dmarc.")),
      ({ owner }) => owner,
    ).map(([{ path, owner }]) => ({
      path,
      message: `${owner} has a DMARC record already, and receivers ignore two: keep one`,
    })),
};

/** RFC 7489 §6.3, §6.4. */
const dmarcSyntax: Rule = {
  id: "dmarc-syntax",
  find: each(({ owner, text }) => (owner.startsWith("_dmarc.") ? dmarcFault(text) : undefined)),
};

/** RFC 6376 §3.6.1; RFC 8301 §3.2 for the length. */
const dkimKey: Rule = {
  id: "dkim-key",
  find: (parts) => [
    ...each(({ owner, text }) => (owner.includes("._domainkey.") ? dkimFault(text) : undefined))(parts),
    ...parts.zones.flatMap(({ path, mail }) =>
      Object.entries(typeof mail === "object" ? mail.dkim : {}).flatMap(([selector, key]) => {
        const message = dkimKeyFault(key);
        return message === undefined ? [] : [{ path: [...path, "mail", "dkim", selector], message }];
      }),
    ),
  ],
};

/** RFC 6376 §3.6.2.2: a selector has one record. */
const dkimSingle: Rule = {
  id: "dkim-single",
  find: ({ zones }) => {
    const keys = zones.flatMap(({ name, path, mail, records }) => [
      ...(mail === undefined ? [] : mailRecords(mail, name))
        .filter(({ at }) => at[0] === "dkim")
        .map(({ owner, at }) => ({ owner, path: [...path, "mail", ...at] })),
      ...records.filter(({ owner, type }) => type === "TXT" && owner.includes("._domainkey.")),
    ]);
    return repeated(keys, ({ owner }) => owner).map(([{ path, owner }]) => ({
      path,
      message: `${owner} has a DKIM key already, and verifiers may take either of two: keep one`,
    }));
  },
};

const mailMxDuplicate: Rule = {
  id: "mail-mx-duplicate",
  find: ({ zones }) =>
    zones.flatMap(({ mail, path }) => {
      const servers = (typeof mail === "object" ? mail.mx : []).map((server, index) => ({
        ...server,
        index,
      }));
      return repeated(servers, ({ priority, target }) => `${priority} ${target}`).map(
        ([{ index, priority, target }]) => ({
          path: [...path, "mail", "mx", index],
          message: `${target} with priority ${priority} stands here twice: give it once`,
        }),
      );
    }),
};

/** RFC 7505 §3: `mail` says all of a zone's MX. */
const mailMx: Rule = {
  id: "mail-mx",
  find: ({ zones }) =>
    zones.flatMap(({ mail, name, records }) =>
      records
        .filter(({ owner, type }) => mail !== undefined && owner === name && type === "MX")
        .map(({ path }) => ({
          path,
          message:
            mail === "none"
              ? "mail: none writes a null MX, which stands alone: remove this one"
              : "`mail` says where the zone's mail goes: move this one there",
        })),
    ),
};

export const textRules: readonly Rule[] = [
  txtLength,
  txtAscii,
  acmeReserved,
  spfSingle,
  spfSyntax,
  dmarcSingle,
  dmarcSyntax,
  dkimKey,
  dkimSingle,
  mailMx,
  mailMxDuplicate,
];
