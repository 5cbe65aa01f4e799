import { io, type Socket } from "socket.io-client";
import { afterEach, expect, test } from "vitest";
import { startWorker, type Worker } from "./worker.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});

async function connect({ url }: Worker): Promise<Socket> {
  const socket = io(url, { transports: ["websocket"], forceNew: true });
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return socket;
}

test("joins that come back to back leave a socket in the last stream alone, and then in none", async () => {
  const worker = await startWorker();
  const [source, other, listener] = await Promise.all([connect(worker), connect(worker), connect(worker)]);
  await source.emitWithAck("start-broadcast", { stream: "race-a" });
  await other.emitWithAck("start-broadcast", { stream: "race-b" });
  const counts = async () => {
    const { streams } = (await (await fetch(`${worker.url}/streams`)).json()) as {
      streams: { stream: string; listeners: number }[];
    };
    return streams.filter(({ stream }) => stream.startsWith("race-")).map(({ listeners }) => listeners);
  };
  const ask = (stream: string) => listener.emitWithAck("join-stream", { stream });
  await ask("race-x");
  await Promise.all([ask("race-a"), ask("race-b")]);
  expect(await counts()).toEqual([0, 1]);
  await Promise.all([listener.emitWithAck("leave-stream"), ask("race-a")]);
  expect(await counts()).toEqual([1, 0]);
  await Promise.all([ask("race-b"), listener.emitWithAck("leave-stream")]);
  expect(await counts()).toEqual([0, 0]);
  await worker.stop("SIGKILL");
});
