// Values that have the type of their key, and could not be used.
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { faultsOf } from "./faults.ts";

const state = (bucket: string, endpoint = "https://s3.example.org") =>
  `platform: x\nstate: { s3: { bucket: "${bucket}", region: auto, endpoint: "${endpoint}" } }\n`;
const local = (directory: string) => `platform: x\nlocal: { directory: ${JSON.stringify(directory)} }\n`;
const takes = (text: string) => loadPlatform(text, { file: "platform.yaml" }).platform.platform;

test.for([
  "ab",
  "a..b",
  "192.0.2.1",
  "xn--states",
  "sthree-a",
  "states-s3alias",
  "states--ol-s3",
  "a.mrap",
  "-ab",
])("a bucket %s is refused", (bucket) => {
  expect(faultsOf(state(bucket)).message).toContain("expected the name of a bucket: 3 to 63 of");
});

test.for(["abc", "terraform.states", "1.2.3", "a-b-c"])("a bucket %s is taken", (bucket) => {
  expect(takes(state(bucket))).toBe("x");
});

test.for(["0", "65536", "99999", "00080"])("an endpoint at port %s is refused", (port) => {
  expect(faultsOf(state("abc", `https://s3.example.org:${port}`)).message).toContain(
    "with a port of 1 to 65535",
  );
});

test.for(["1", "9000", "59999", "65535"])("an endpoint at port %s is taken", (port) => {
  expect(takes(state("abc", `https://s3.example.org:${port}/path`))).toBe("x");
});

test.for(["", "/", "//", ".", "..", "../..", "/.", "a\0b", "a\nb"])(
  "a local directory %j is refused",
  (directory) => {
    expect(faultsOf(local(directory)).message).toContain(
      "expected a folder of its own, without control characters",
    );
  },
);

test.for([".soundstage/local", "../elsewhere", "/srv/local", "Живая музыка"])(
  "a local directory %s is taken",
  (directory) => {
    expect(takes(local(directory))).toBe("x");
  },
);
