import { afterEach, expect, test, vi } from "vitest";
import { HostSession, type SessionContext } from "../../../converge/run/host-session.ts";
import { Remote } from "../../../converge/script/remote.ts";

afterEach(() => void vi.restoreAllMocks());

test("a run tells of a host that does not answer for a while, at its first connection alone", async () => {
  vi.spyOn(Remote, "connect").mockImplementation(async (_connection, _access, _script, { slow } = {}) => {
    slow?.("no answer yet");
    return { close: () => {} } as Remote;
  });
  const said: string[][] = [];
  const report = { step: (...words: string[]) => void said.push(words), failed: () => {} };
  const context = { connection: { host: "a" }, report } as unknown as SessionContext;
  const session = new HostSession(context, { script: "", order: [] });
  await session.begin();
  await session.reconnect();
  expect(said).toEqual([["a", "waits", "no answer yet"]]);
});
