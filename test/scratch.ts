import { rmSync } from "node:fs";

export function teardown(): void {
  const scratch = process.env.SOUNDSTAGE_TEST_TMP;
  if (scratch) rmSync(scratch, { recursive: true, force: true });
}
