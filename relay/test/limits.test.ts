import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { LocalDirectory } from "../server/directory.ts";
import { Lateness } from "../server/lateness.ts";
import { Listing } from "../server/listing.ts";
import { connect } from "./client.ts";
import { startWorker, type Worker } from "./worker.ts";

async function start(env: Record<string, string> = {}): Promise<Worker> {
  const worker = await startWorker(env);
  onTestFinished(() => void worker.process.kill("SIGKILL"));
  return worker;
}
const ready = async ({ url }: Worker) =>
  (await (await fetch(`${url}/health/ready`)).json()) as { reasons: string[] };

test("joins above the bound are refused, and so are connections above twice the bound", async () => {
  const worker = await start({ RELAY_MAX_LISTENERS: "2" });
  const sockets = [];
  for (let n = 0; n < 4; n += 1) sockets.push(await connect(worker));
  await expect(connect(worker)).rejects.toThrow();
  expect(await ready(worker)).toMatchObject({ reasons: ["full"] });
  const [one, two, three, four] = sockets;
  for (const socket of [one, two]) await socket?.emitWithAck("join-stream", { stream: "x" });
  expect(await three?.emitWithAck("join-stream", { stream: "x" })).toMatchObject({ code: "full" });
  four?.disconnect();
  await expect.poll(() => connect(worker), { timeout: 10_000 }).toMatchObject({ connected: true });
});

test("pages of the origins that are named may connect, by preflight too, and no others", async () => {
  const worker = await start({ RELAY_ORIGINS: "https://site.test, https://other.test" });
  const ask = (origin: string, method = "GET") =>
    fetch(`${worker.url}/socket.io/?EIO=4&transport=polling`, {
      method,
      headers: { origin, "access-control-request-method": "POST" },
    });
  const allowed = async (origin: string, method?: string) => {
    const answer = await ask(origin, method);
    return [answer.status, answer.headers.get("access-control-allow-origin")];
  };
  expect(await allowed("https://other.test")).toEqual([200, "https://other.test"]);
  expect(await allowed("https://other.test", "OPTIONS")).toEqual([204, "https://other.test"]);
  expect(await allowed("https://elsewhere.test")).toEqual([403, null]);
});

test("a worker that was late says so to whoever asks, however often it is asked", async () => {
  const worker = await start();
  for (let n = 0; n < 6; n += 1) {
    worker.process.kill("SIGSTOP");
    await sleep(400);
    worker.process.kill("SIGCONT");
    await sleep(40);
  }
  await fetch(`${worker.url}/health`);
  for (let n = 0; n < 2; n += 1)
    expect((await ready(worker)).reasons).toEqual([expect.stringMatching(/^the event loop is \d+ ms late$/)]);
});

test("lateness is forgotten after two windows", async () => {
  const lateness = new Lateness(200);
  lateness.start();
  onTestFinished(() => lateness.stop());
  await sleep(60);
  const until = Date.now() + 500;
  while (Date.now() < until);
  await sleep(60);
  expect(lateness.ms).toBeGreaterThan(300);
  await expect.poll(() => lateness.ms, { timeout: 10_000 }).toBeLessThan(200);
});

test("the directory is asked once a second, however many want to know what is on air", async () => {
  let asked = 0;
  class Asked extends LocalDirectory {
    override async list() {
      asked += 1;
      await sleep(20);
      return super.list();
    }
  }
  const directory = new Asked();
  const entry = { stream: "x", title: "x", bitrate: 128, channels: 2, since: 0, owner: "o" } as const;
  await directory.claim(entry);
  const listing = new Listing(directory, () => 7);
  const now = Date.now();
  const answers = await Promise.all([listing.get(now), listing.get(now + 1), listing.get(now + 2)]);
  expect(answers).toEqual(answers.map(() => [{ entry, listeners: 7 }]));
  await listing.get(now + 999);
  expect(asked).toBe(1);
  await directory.release(entry);
  expect(await listing.get(now + 1_000)).toEqual([]);
  expect(asked).toBe(2);
});
