// Where a stack's state lies.
import { posix } from "node:path";
import { LocalBackend, S3Backend, type TerraformStack } from "cdktf";
import type { Platform } from "../platform/schema.ts";

export interface BackendProps {
  readonly platform: Pick<Platform, "platform" | "state">;
  /** The platform file, relative to the output's folder. */
  readonly source: string;
}

/** State beside the platform file, or in S3 with its own lock file (no DynamoDB table). */
export function setBackend(stack: TerraformStack, id: string, { platform, source }: BackendProps): void {
  const { platform: name, state } = platform;
  if (state === "local") {
    // Relative to the stack's folder; a path that cdktf chooses itself would be absolute.
    new LocalBackend(stack, { path: posix.join("../..", posix.dirname(source), stateFile(id, source)) });
    return;
  }
  const { bucket, region, key, endpoint } = state.s3;
  new S3Backend(stack, {
    bucket,
    region,
    key: `${key ?? `soundstage/${name}`}/${id}.tfstate`,
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

/** Two platform files of one folder have states of their own: the name of the file is in that of its states. */
function stateFile(id: string, source: string): string {
  const name = posix.basename(source, ".yaml");
  return name === "platform" ? `terraform.${id}.tfstate` : `terraform.${name}.${id}.tfstate`;
}
