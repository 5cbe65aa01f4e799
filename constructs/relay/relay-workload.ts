// The bundled relay on a host: its release, the runtime it runs with, and one unit a worker.
import { Construct } from "constructs";
import type { Artifact, SecretRef } from "../../bundle/manifest.ts";
import { shell, word } from "../../templates/shell/print.ts";
import { bracketed } from "../address.ts";
import type { Host } from "../host/host.ts";
import { InvalidProps } from "../invalid-props.ts";
import { AudioSlice } from "../kernel/audio-slice.ts";
import { capacityFault } from "./capacity.ts";

export interface RelayRedis {
  /** Address and port of the region's cache, which speaks TLS. */
  readonly address: string;
  readonly port: number;
  readonly password: SecretRef;
  /** File on this host with the authority that signed the cache's certificate. */
  readonly ca: string;
}

export interface RelayWorkloadProps {
  readonly host: Host;
  /** The relay's release, a gzipped tar. */
  readonly release: Artifact;
  /** The Node.js binary that runs it: hosts need none of their own. */
  readonly node: Artifact;
  /** One worker a port. */
  readonly ports: readonly number[];
  readonly region: string;
  /** Listeners that all workers of the host take together. */
  readonly listeners: number;
  /** Broadcast the demo loop while nobody else does. @default false */
  readonly demo?: boolean;
  /** What broadcasters must present. @default anybody may broadcast */
  readonly broadcastToken?: SecretRef;
  /** Joins workers of several processes and hosts. @default each worker for itself */
  readonly redis?: RelayRedis;
}

const NODE = "/opt/soundstage/node/bin/node";
const RELEASE = "/opt/soundstage/relay";
const TOKEN = "/etc/soundstage/secrets/broadcast-token";
const PASSWORD = "/etc/soundstage/secrets/relay-redis";

/** Asks a worker how it is, and whether it is ours: something else may hold its port. */
const ASK = `const [port, wanted] = process.argv.slice(1);
const fail = (reason) => { console.error(reason); process.exit(1); };
fetch("http://127.0.0.1:" + port + "/health").then((answer) => answer.json()).then(
  ({ instance }) => instance === wanted ? process.exit(0) : fail("port " + port + " answers as " + instance + ", not as " + wanted),
  (error) => fail("port " + port + ": " + (error.cause?.message ?? error.message)),
);`;

export class RelayWorkload extends Construct {
  constructor(scope: Construct, id: string, props: RelayWorkloadProps) {
    super(scope, id);
    const { host, ports, redis, broadcastToken } = props;
    InvalidProps.throwIfAny(this, [
      ports.length === 0 && "a relay needs at least one worker",
      new Set(ports).size !== ports.length && `worker ports ${ports.join(", ")} must differ`,
      host.local && redis !== undefined && "a relay in a folder runs without Redis",
      capacityFault(props.listeners, ports.length),
    ]);
    host.file(this, NODE, { content: props.node, mode: "0755" });
    host.archive(this, RELEASE, props.release);
    if (broadcastToken) host.secret(this, TOKEN, { parts: [broadcastToken, "\n"] });
    if (redis) host.secret(this, PASSWORD, { parts: [redis.password, "\n"] });
    // A service with a user of its own reads its secrets as credentials; a process in a folder is the operator's own.
    const secret = (name: string, path: string) => (host.local ? path.slice(1) : `{credential:${name}}`);
    const slice = host.local ? undefined : new AudioSlice(this, "audio", { host });
    host.service(this, {
      name: "soundstage-relay",
      description: "Soundstage relay, worker {instance}",
      command: [NODE, `${RELEASE}/server.mjs`],
      instances: ports.map(String),
      port: "{instance}",
      environment: {
        NODE_ENV: "production",
        RELAY_PORT: "{instance}",
        RELAY_INSTANCE: `${host.name}-{instance}`,
        RELAY_REGION: props.region,
        RELAY_MAX_LISTENERS: String(Math.floor(props.listeners / ports.length)),
        RELAY_DEMO: props.demo ? "on" : "off",
        ...(broadcastToken && { RELAY_BROADCAST_TOKEN_FILE: secret("broadcast-token", TOKEN) }),
        ...(redis && {
          RELAY_REDIS_URL: `rediss://${bracketed(redis.address)}:${redis.port}`,
          RELAY_REDIS_USERNAME: "default",
          RELAY_REDIS_PASSWORD_FILE: secret("redis", PASSWORD),
          RELAY_REDIS_CA_FILE: secret("ca", redis.ca),
        }),
      },
      credentials: {
        ...(broadcastToken && { "broadcast-token": TOKEN }),
        ...(redis && { redis: PASSWORD, ca: redis.ca }),
      },
      ...(slice && { slice: slice.name }),
      restart: [
        NODE,
        RELEASE,
        ...(slice ? [slice.path] : []),
        ...(broadcastToken ? [TOKEN] : []),
        ...(redis ? [PASSWORD, redis.ca] : []),
      ],
    });
    for (const port of ports) {
      host.probe(this, `relay-${port}`, {
        command: shell(
          `${word(host.local ? NODE.slice(1) : NODE)} -e ${word(ASK)} ${port} ${word(`${host.name}-${port}`)}`,
        ),
        seconds: 20,
      });
    }
    if (!host.local) host.order(this, { group: "relay", mode: "first-then-rest" });
  }
}
