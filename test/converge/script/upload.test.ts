import { expect, test } from "vitest";
import { uploadText } from "../../../converge/script/upload.ts";

test("an upload is told by what is not there yet, one object as one and what is small as small", () => {
  const objects = new Map([
    ["a", { size: 34_567 }],
    ["b", { size: 120_000_000 }],
  ]);
  expect(uploadText({ objects }, [{ hash: "a", have: 0 }])).toBe("1 object, 34 kB");
  const both = [
    { hash: "a", have: 0 },
    { hash: "b", have: 118_000_000 },
  ];
  expect(uploadText({ objects }, both)).toBe("2 objects, 2.0 MB");
});
