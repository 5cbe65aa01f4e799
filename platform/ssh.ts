// How a host is reached: user, ports, jump hosts, and the key it must show.
import { z } from "zod";
import { ip } from "./address.ts";
import { secret } from "./secret.ts";
import { text } from "./text.ts";

/** Type of a key → bytes of its public part; of RSA the least bits (NIST SP 800-131A). */
const KEY_BYTES: Readonly<Record<string, number>> = {
  "ssh-ed25519": 32,
  "ecdsa-sha2-nistp256": 65,
  "ecdsa-sha2-nistp384": 97,
  "ecdsa-sha2-nistp521": 133,
};
const MIN_RSA_BITS = 2048;

/** Public host key as `ssh-keyscan` prints it, without the host, or its fingerprint as `ssh-keygen -l` does. */
const hostKey = text(
  /^(?:(?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) [A-Za-z0-9+/]+={0,2}(?: .*)?|SHA256:[A-Za-z0-9+/]{43})$/,
  "expected a public host key such as ssh-ed25519 AAAA…, or its fingerprint SHA256:…",
)
  .check(({ value, issues }) => {
    const reason = keyFault(value);
    if (reason) issues.push({ code: "custom", input: value, message: reason });
  })
  .transform((line) => line.split(" ", 2).join(" "))
  .meta({
    description:
      "The public key, or its fingerprint SHA256:…: no other is accepted; else known_hosts decides.",
  });

const user = text(/^[a-z_][a-z0-9_-]{0,31}$/, "expected a user name").default("root");
const port = z.int().min(1).max(65_535);
const file = z.string().min(1);

/** What a host and a jump host share. */
const login = {
  hostKey: hostKey.exactOptional(),
  identity: file.exactOptional().meta({
    description:
      "File of the private key, relative to the folder of this file, or from `~/`; else the agent.",
  }),
  passphrase: secret.exactOptional().meta({ description: "Reference to the passphrase of the private key." }),
};

const hop = z.strictObject({
  address: ip.meta({ description: "Address over which it is reached." }),
  user: user.meta({ description: "Who logs in." }),
  port: port.default(22).meta({ description: "Its SSH port." }),
  ...login,
});

export const ssh = z
  .strictObject({
    user: user.meta({ description: "Who logs in; root, or one who becomes root with sudo." }),
    ports: z
      .array(port)
      .min(1)
      .max(8)
      .default([22])
      .meta({ description: "Tried in order: old and new are both listed while a port moves." }),
    ...login,
    knownHosts: file.exactOptional().meta({
      description:
        "File of known hosts, relative to the folder of this file, or from `~/`; else ~/.ssh/known_hosts.",
    }),
    sudo: z
      .strictObject({ password: secret })
      .exactOptional()
      .meta({ description: "Password with which the user becomes root; without it sudo must ask for none." }),
    jump: z
      .union([hop.transform((one) => [one]), z.array(hop).min(1).max(4)], {
        error: "expected a jump host, or a list of one to four",
      })
      .exactOptional()
      .meta({ description: "Machine, or machines in order, over which the host is reached." }),
  })
  .check(({ value, issues }) => {
    if (value.sudo && value.user === "root")
      issues.push({
        code: "custom",
        input: value.sudo,
        path: ["sudo"],
        message: "expected ssh.user to be another than root, who needs no sudo",
      });
  })
  .prefault({})
  .meta({ description: "How the host is reached." });

/** RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4: a length and the type, then the parts of the key. */
function keyFault(line: string): string | undefined {
  const [type = "", base64] = line.split(" ");
  if (base64 === undefined) return undefined;
  const parts = fields(Uint8Array.from(decoded(base64)));
  const [inner, ...rest] = parts ?? [];
  if (!parts || new TextDecoder().decode(inner) !== type)
    return `expected a whole ${type} key: what is after the type is cut off or of another type`;
  if (type === "ssh-rsa") {
    const modulus = rest[1] ?? new Uint8Array();
    const bits = (modulus.length - (modulus[0] === 0 ? 1 : 0)) * 8;
    return rest.length === 2 && bits >= MIN_RSA_BITS
      ? undefined
      : `expected an RSA key of ${MIN_RSA_BITS} bits or more`;
  }
  const whole = rest.length === (type === "ssh-ed25519" ? 1 : 2) && rest.at(-1)?.length === KEY_BYTES[type];
  return whole ? undefined : `expected a whole ${type} key: it has another length`;
}

function decoded(base64: string): number[] {
  try {
    return [...atob(base64)].map((character) => character.charCodeAt(0));
  } catch {
    return [];
  }
}

function fields(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer);
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) return undefined;
    found.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}
