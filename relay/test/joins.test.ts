import { expect, test } from "vitest";
import { connect } from "./client.ts";
import { startWorker } from "./worker.ts";

test("joins that come back to back leave a socket in the last stream alone, and then in none", async () => {
  const worker = await startWorker();
  const [source, other, listener] = await Promise.all([connect(worker), connect(worker), connect(worker)]);
  await source.emitWithAck("start-broadcast", { stream: "race-a" });
  await other.emitWithAck("start-broadcast", { stream: "race-b" });
  const counts = () =>
    Promise.all(
      ["race-a", "race-b"].map(async (stream) => {
        const { info } = await source.emitWithAck("stream-info", { stream });
        return info.listeners as number;
      }),
    );
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
