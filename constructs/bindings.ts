// Resource classes of providers, loaded where one is made: who uses one provider does not install the others.
import { createRequire } from "node:module";
import type { Construct } from "constructs";
import manifest from "../package.json" with { type: "json" };
import { InvalidProps } from "./invalid-props.ts";

/** Resource → the module that holds it, a file of its own: a binding's root costs 18 times the time. */
interface Aws {
  readonly "data-aws-caller-identity": typeof import("@cdktf/provider-aws/lib/data-aws-caller-identity/index.js");
  readonly "data-aws-route53-zone": typeof import("@cdktf/provider-aws/lib/data-aws-route53-zone/index.js");
  readonly "kms-key": typeof import("@cdktf/provider-aws/lib/kms-key/index.js");
  readonly provider: typeof import("@cdktf/provider-aws/lib/provider/index.js");
  readonly "route53-health-check": typeof import("@cdktf/provider-aws/lib/route53-health-check/index.js");
  readonly "route53-hosted-zone-dnssec": typeof import("@cdktf/provider-aws/lib/route53-hosted-zone-dnssec/index.js");
  readonly "route53-key-signing-key": typeof import("@cdktf/provider-aws/lib/route53-key-signing-key/index.js");
  readonly "route53-record": typeof import("@cdktf/provider-aws/lib/route53-record/index.js");
  readonly "route53-zone": typeof import("@cdktf/provider-aws/lib/route53-zone/index.js");
}

interface Cloudflare {
  readonly "dns-record": typeof import("@cdktf/provider-cloudflare/lib/dns-record/index.js");
  readonly provider: typeof import("@cdktf/provider-cloudflare/lib/provider/index.js");
  readonly zone: typeof import("@cdktf/provider-cloudflare/lib/zone/index.js");
  readonly "zone-dnssec": typeof import("@cdktf/provider-cloudflare/lib/zone-dnssec/index.js");
}

const AWS = "@cdktf/provider-aws";
const CLOUDFLARE = "@cdktf/provider-cloudflare";
export type Binding = typeof AWS | typeof CLOUDFLARE;

const load = createRequire(import.meta.url);

/** @param by the construct that asks, for the fault where the binding is not installed */
export function aws<Name extends keyof Aws>(name: Name, by: Construct): Aws[Name] {
  return resource(AWS, name, by) as Aws[Name];
}

export function cloudflare<Name extends keyof Cloudflare>(name: Name, by: Construct): Cloudflare[Name] {
  return resource(CLOUDFLARE, name, by) as Cloudflare[Name];
}

function resource(binding: Binding, name: string, by: Construct): unknown {
  InvalidProps.throwIfAny(by, [bindingFault(binding)]);
  return load(`${binding}/lib/${name}/index.js`);
}

/** What to install, where the binding is not there. */
export function bindingFault(binding: Binding): string | undefined {
  try {
    load.resolve(`${binding}/package.json`);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    const version = manifest.devDependencies[binding];
    return `the package ${binding} ${version} is not installed, which makes its resources: npm install --save-exact ${binding}@${version}`;
  }
}
