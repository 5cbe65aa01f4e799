import { afterAll, afterEach, beforeAll, vi } from "vitest";

/** What the console is told instead of the terminal, while a test runs. */
export function captured(): string[] {
  const said: string[] = [];
  beforeAll(() => {
    for (const stream of ["log", "error"] as const)
      vi.spyOn(console, stream).mockImplementation((line) => void said.push(String(line)));
  });
  afterEach(() => void said.splice(0));
  afterAll(() => vi.restoreAllMocks());
  return said;
}
