// The providers that a stack needs, by qualified sources, so that OpenTofu takes the same output.
import type { TerraformStack } from "cdktf";
import { aws, cloudflare } from "../constructs/bindings.ts";

/** Credentials come by the provider's own environment, CLOUDFLARE_API_TOKEN. */
export function addCloudflare(stack: TerraformStack): void {
  const { CloudflareProvider } = cloudflare("provider", stack);
  new CloudflareProvider(stack, "cloudflare");
  require(stack, "cloudflare", "cloudflare/cloudflare", "~> 5.14");
}

/** Route 53 is global; its signing keys must lie in us-east-1. Only what majors 5 and 6 both know is emitted. */
export function addAws(stack: TerraformStack): void {
  const { AwsProvider } = aws("provider", stack);
  new AwsProvider(stack, "aws", { region: "us-east-1" });
  require(stack, "aws", "hashicorp/aws", ">= 5.100, < 7");
}

function require(stack: TerraformStack, name: string, source: string, version: string): void {
  stack.addOverride(`terraform.required_providers.${name}`, {
    source: `registry.terraform.io/${source}`,
    version,
  });
}
