import { type LoadOptions, loadPlatform, PlatformFaults } from "../../platform/load.ts";

/** What is wrong with a text; any other error is one of the loader's own and is thrown on. */
export function faultsOf(text: string, options: Partial<LoadOptions> = {}): PlatformFaults {
  try {
    loadPlatform(text, { file: "platform.yaml", ...options });
  } catch (error) {
    if (error instanceof PlatformFaults) return error;
    throw error;
  }
  throw new Error("the file has no faults");
}
