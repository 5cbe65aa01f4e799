import { expect, test } from "vitest";
import { bytes } from "../../../converge/text/quantity.ts";

test.for([
  [0, "0 B"],
  [812, "812 B"],
  [1000, "1 kB"],
  [34_567, "34 kB"],
  [1_240_000, "1.2 MB"],
  [830_000_000, "830 MB"],
  [1_500_000_000, "1.5 GB"],
  [40_000_000_000, "40 GB"],
  [2e12, "2.0 TB"],
] as const)("%i bytes are %s", ([count, text]) => {
  expect(bytes(count)).toBe(text);
});
