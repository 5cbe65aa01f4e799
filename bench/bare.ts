// The first converge of a bare host, and the time that its packages alone take on its twin.
import { join } from "node:path";
import type { Host } from "../constructs/host/host.ts";
import type { LabHost } from "../test/lab/host.ts";
import type { Lab } from "../test/lab/lab.ts";
import { OpenSsh, targetOf } from "./openssh.ts";
import { files, withFiles, writeOutput } from "./output.ts";
import { inTurns, type Times } from "./rounds.ts";
import { apply } from "./soundstage.ts";
import type { Row } from "./table.ts";

const ROUNDS = 3;
/** Each is bare once, and the run that is not counted fills the package proxy. */
export const TWINS = Array.from({ length: ROUNDS + 1 }, (_, n) => [`alone-${n}`, `whole-${n}`] as const);

/** Those of an edge that is a database too, such as `ru-1` of the example. */
const PACKAGES = (
  "certbot etcd-client etcd-server haproxy nginx-light openssl patroni pgbackrest postgresql-15 " +
  "postgresql-client-15 python3-certbot-dns-cloudflare python3-yaml"
).split(" ");
const SITE = "/etc/nginx/sites-enabled/default";
const ALONE = `export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends ${PACKAGES.join(" ")}`;
/** Converge lets no package start anything either. */
const POLICY = "printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d";

export async function bare(lab: Lab): Promise<Row[]> {
  const alone = TWINS.map(([name]) => lab.host(name));
  const whole = TWINS.map(([, name]) => lab.host(name));
  const ssh = new OpenSsh(lab.folder, lab.identity, alone.map(targetOf));
  const output = await writeOutput(join(lab.folder, "bare"), lab.identity, {
    bare: whole.map((host) => ({ ...targetOf(host), name: host.name, build })),
  });
  const times = await inTurns(
    [
      {
        name: "apt alone",
        run: async () => {
          const host = alone.shift() as LabHost;
          await host.must(POLICY);
          return (await ssh.on(targetOf(host), ALONE)).ms;
        },
      },
      {
        name: "first converge",
        run: () => apply(output, "bare", "generation", [], [(whole.shift() as LabHost).name]),
      },
    ],
    ROUNDS,
  );
  const [base, ours] = [times.get("apt alone") as Times, times.get("first converge") as Times];
  const against = "`apt-get update` and `install` alone";
  return [{ what: "first converge of a bare host", against, times: ours, base, atMost: 1.15 }];
}

function build(host: Host): void {
  host.package(host, ...PACKAGES);
  withFiles(host, files("/srv/bench"));
  host.file(host, SITE, { content: "server { listen 80; root /srv/bench; }\n" });
  host.check(host, "nginx", { command: "nginx -t", paths: [SITE] });
  host.unit(host, "nginx.service", { reload: [SITE] });
}
