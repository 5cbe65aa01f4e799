// etcd 3.4 of Debian 12 as the cluster's store: TLS to clients and peers, on private addresses only.
import { print } from "../../templates/environment/print.ts";
import { print as printUnit } from "../../templates/systemd/print.ts";
import { bracketed } from "../address.ts";

export interface Member {
  readonly name: string;
  readonly address: string;
}

export const ETCD_TLS = "/etc/etcd/tls";
export const ETCD_FILE = "/etc/default/etcd";
export const ETCD_DROP_IN = "/etc/systemd/system/etcd.service.d/soundstage.conf";

export const ETCD_DATA = "/var/lib/etcd/default";
/** What brings this host into its cluster, and whom it finds there. */
export const ETCD_MEMBER = "/etc/soundstage/etcd/member.sh";
export const ETCD_MEMBERS = "/etc/soundstage/etcd/members";
const RUNTIME = "soundstage-etcd";

export const peerUrl = ({ address }: Member): string => `https://${bracketed(address)}:2380`;
export const clientUrl = ({ address }: Member): string => `https://${bracketed(address)}:2379`;

/** In no file that restarts etcd: who else is a member, its own data says. */
export function membersFile(members: readonly Member[], lost: readonly Member[]): string {
  const lines = (what: string, of: readonly Member[]) =>
    of.map((member) => `${what} ${member.name} ${peerUrl(member)}\n`).join("");
  return lines("member", members) + lines("lost", lost);
}

export function etcdFile(self: Member, cluster: string): string {
  const { name } = self;
  const address = bracketed(self.address);
  return `# Written by Soundstage.\n${print({
    ETCD_NAME: name,
    ETCD_DATA_DIR: ETCD_DATA,
    ETCD_LISTEN_PEER_URLS: `https://${address}:2380`,
    ETCD_LISTEN_CLIENT_URLS: `https://${address}:2379,https://127.0.0.1:2379`,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: `https://${address}:2380`,
    ETCD_ADVERTISE_CLIENT_URLS: `https://${address}:2379`,
    ETCD_INITIAL_CLUSTER_TOKEN: cluster,
    ETCD_STRICT_RECONFIG_CHECK: "true",
    ETCD_AUTO_COMPACTION_MODE: "periodic",
    ETCD_AUTO_COMPACTION_RETENTION: "1h",
    ETCD_CERT_FILE: `${ETCD_TLS}/host.crt`,
    ETCD_KEY_FILE: `${ETCD_TLS}/host.key`,
    ETCD_TRUSTED_CA_FILE: `${ETCD_TLS}/ca.crt`,
    ETCD_CLIENT_CERT_AUTH: "true",
    ETCD_PEER_CERT_FILE: `${ETCD_TLS}/host.crt`,
    ETCD_PEER_KEY_FILE: `${ETCD_TLS}/host.key`,
    ETCD_PEER_TRUSTED_CA_FILE: `${ETCD_TLS}/ca.crt`,
    ETCD_PEER_CLIENT_CERT_AUTH: "true",
  })}`;
}

/** A member that waits for its peers' quorum must not be taken for one that hangs. */
export function etcdDropIn(): string {
  return printUnit([
    [
      "Service",
      [
        ["RuntimeDirectory", RUNTIME],
        // Written by the former for the latter.
        ["ExecStartPre", `/bin/sh ${ETCD_MEMBER} join`],
        ["EnvironmentFile", `-/run/${RUNTIME}/environment`],
        ["TimeoutStartSec", "180s"],
        ["Restart", "always"],
        ["RestartSec", "2s"],
        ["Nice", -10],
      ],
    ],
  ]);
}

/** Options of etcdctl on a member; `ETCDCTL_API=3` goes before it. */
export const ETCDCTL = `ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 --cacert=${ETCD_TLS}/ca.crt --cert=${ETCD_TLS}/host.crt --key=${ETCD_TLS}/host.key`;
