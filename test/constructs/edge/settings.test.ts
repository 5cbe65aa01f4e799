import { expect, test } from "vitest";
import { placed, settingFault } from "../../../constructs/edge/settings.ts";

test.for([
  ["worker_processes", ["abc", 1.5, 0, 1025, true, ""], "auto, or a whole number from 1 to 1024"],
  ["worker_connections", [64.5, "1e3", "0x100", " 100 ", 63], "a whole number from 64 to 1000000"],
  ["keepalive_requests", ["abc", -1, true, "", "100; return 200"], "a whole number from 1 to 1000000000"],
  ["keepalive_timeout", ["99999999999999999999s", "1.5", "soon", "366d", ""], "a time such as 65s"],
  ["client_max_body_size", ["99999999999999999999g", "1G", "-1m", "1025g"], "a size such as 1m"],
  ["constructor", ["x"], 'nginx setting "constructor" is not known; known are client_body_timeout'],
] as const)("%s is refused as nginx would: %j", ([key, values, expected]) => {
  for (const value of values) expect(settingFault(key, value), String(value)).toContain(expected);
});

test("what is set takes the place of the default, in its block", () => {
  const { main, events, http } = placed({
    worker_processes: 4,
    worker_connections: "64",
    send_timeout: "5s",
  });
  expect(main).toContainEqual(["worker_processes", "4"]);
  expect(events).toEqual([["worker_connections", "64"]]);
  expect(http).toContainEqual(["send_timeout", "5s"]);
  expect(http).toContainEqual(["keepalive_timeout", "65s"]);
});
