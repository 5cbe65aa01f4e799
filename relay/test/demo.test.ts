import { expect, test } from "vitest";
import { LOOP_SAMPLES, renderLoop } from "../demo/synth.ts";

test("others have their turn while the loop is rendered, and it sounds", async () => {
  let turns = 0;
  let rendered = false;
  const turn = () => {
    turns += 1;
    if (!rendered) setImmediate(turn);
  };
  setImmediate(turn);
  const loop = await renderLoop();
  rendered = true;
  expect(turns).toBeGreaterThan(100);
  expect(loop.length).toBe(2 * LOOP_SAMPLES);
  const power = loop.reduce((sum, sample) => sum + sample * sample, 0) / loop.length;
  expect(power).toBeGreaterThan(0.01);
});
