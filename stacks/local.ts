// The relay alone, in a folder of this machine.
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { Converge } from "../constructs/host/converge.ts";
import { Host } from "../constructs/host/host.ts";
import { RelayWorkload } from "../constructs/relay/relay-workload.ts";
import type { Platform } from "../platform/schema.ts";
import { type Artifacts, releaseOf } from "./artifacts.ts";
import { setBackend } from "./backend.ts";

export interface LocalStackProps {
  readonly platform: Platform;
  /** The platform file, relative to the output's folder. */
  readonly source: string;
  readonly artifacts: Artifacts;
}

export class LocalStack extends TerraformStack {
  constructor(scope: Construct, id: string, { platform, source, artifacts }: LocalStackProps) {
    super(scope, id);
    setBackend(this, id, { platform: { ...platform, state: "local" }, source });
    const { port, demo, directory } = platform.local;
    // What a folder's host is given plays no part: processes of one's own are not bounded.
    const host = new Host(this, "here", { transport: { directory }, cpus: 1, memory: 1024 });
    new RelayWorkload(host, "relay", {
      host,
      release: releaseOf(artifacts, platform.release),
      node: artifacts.node,
      ports: [port],
      region: "local",
      listeners: 1000,
      demo,
    });
    new Converge(this, "converge", { stack: id, source, hosts: [host], example: platform.example });
  }
}
