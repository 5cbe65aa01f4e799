// Where a stack's state lies.
import { LocalBackend, S3Backend, type TerraformStack } from "cdktf";
import type { Platform } from "../platform/schema.ts";

/** State beside the output's folder, or in S3 with its own lock file (no DynamoDB table). */
export function setBackend(stack: TerraformStack, id: string, state: Platform["state"]): void {
  if (state === "local" || state === undefined) {
    // Relative to the stack's folder; a path that cdktf chooses itself would be absolute.
    new LocalBackend(stack, { path: `../../../terraform.${id}.tfstate` });
    return;
  }
  const { bucket, region, key, endpoint } = state.s3;
  new S3Backend(stack, {
    bucket,
    region,
    key: `${key ?? "soundstage"}/${id}.tfstate`,
    encrypt: true,
    ...(endpoint && {
      endpoints: { s3: endpoint },
      usePathStyle: true,
      skipCredentialsValidation: true,
      skipRegionValidation: true,
      skipRequestingAccountId: true,
    }),
  });
  stack.addOverride("terraform.backend.s3.use_lockfile", true);
}
