// The host's side of a certificate from the private CA, as scripts.
import { shell, word } from "../../templates/shell/print.ts";
import { AUTHORITY_TO_BE } from "./authority-file.ts";
import type { Reader } from "./certificate.ts";

/** Exit 1 while something is missing, other names or another authority are wanted, or less than a third of the lifetime is left. */
export function privateCaCheck(
  folder: string,
  wanted: string,
  days: number,
  readers: readonly Reader[],
): string {
  return shell(
    `cd ${word(folder)} 2>/dev/null || exit 1`,
    "[ -s host.key ] && [ -s host.crt ] && [ -s ca.crt ] && [ -s fullchain.pem ] || exit 1",
    `[ "$(cat wanted 2>/dev/null)" = ${word(wanted)} ] || exit 1`,
    AUTHORITY_TO_BE,
    'cmp -s "$authority" ca.crt || exit 1',
    `openssl x509 -in host.crt -noout -checkend ${Math.floor((days * 86_400) / 3)} >/dev/null || exit 1`,
    ...readers.flatMap(({ folder: copy, owner }) => [
      `[ "$(stat -c %U:%G ${word(`${copy}/host.key`)} 2>/dev/null)" = ${word(owner)} ] || exit 1`,
      `for file in host.key host.crt ca.crt; do cmp -s "$file" ${word(copy)}/"$file" || exit 1; done`,
    ]),
  );
}

/** Makes the key where there is none, and asks with it. */
export function privateCaRequest(folder: string, commonName: string): string {
  return shell(
    "umask 077",
    `mkdir -p ${word(folder)}`,
    "chmod 0755 /etc/soundstage /etc/soundstage/tls",
    `cd ${word(folder)}`,
    "chmod 0755 .",
    "if [ ! -s host.key ]; then",
    "  openssl ecparam -name prime256v1 -genkey -noout -out host.key.new",
    "  mv host.key.new host.key",
    "fi",
    `openssl req -new -key host.key -subj ${word(`/CN=${commonName}`)}`,
  );
}

/** Takes the chain from stdin, and only one that fits the key and the authority that the host shall trust. */
export function privateCaApply(folder: string, wanted: string, readers: readonly Reader[]): string {
  return shell(
    `cd ${word(folder)}`,
    AUTHORITY_TO_BE,
    "cat > chain.new",
    `awk '/-----BEGIN/ { n++ } n == 1' chain.new > host.crt.new`,
    'cp "$authority" ca.crt.new',
    "key=$(openssl pkey -in host.key -pubout)",
    '[ "$(openssl x509 -in host.crt.new -noout -pubkey)" = "$key" ] || { echo "the certificate is for another key" >&2; exit 1; }',
    "openssl verify -CAfile ca.crt.new host.crt.new",
    "chmod 0644 chain.new host.crt.new ca.crt.new",
    "mv ca.crt.new ca.crt",
    "mv host.crt.new host.crt",
    "mv chain.new fullchain.pem",
    `printf '%s\\n' ${word(wanted)} > wanted`,
    ...readers.flatMap(({ folder: copy, owner }) => {
      const [user, group] = owner.split(":") as [string, string];
      const as = `-o ${word(user)} -g ${word(group)}`;
      return [
        `install -d -m 0755 ${word(copy)}`,
        `install ${as} -m 0600 host.key ${word(`${copy}/host.key`)}`,
        `install ${as} -m 0644 host.crt ca.crt ${word(copy)}`,
      ];
    }),
  );
}
