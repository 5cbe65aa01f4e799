// A drum-and-bass loop computed from formulas: eight bars at 174 bpm, the same samples on every machine.
import { SAMPLE_RATE } from "../shared/chunk.ts";

const BPM = 174;
const BARS = 8;
const STEP = (60 / BPM / 4) * SAMPLE_RATE; // a sixteenth note
const STEPS = BARS * 16;
/** Samples of one pass of the loop. */
export const LOOP_SAMPLES = Math.round(STEP * STEPS);

// Two bars of the break, a letter a sixteenth.
const KICK = "x.........x.....x.........x..x..";
const SNARE = "....x.......x.......x..x....x...";
const GHOST = ".......g.g...........g...g.....g";
const HAT = "h.hhh.hhh.hhh.hhh.hhh.hhh.hhhhhh";
// Root of each bar in semitones above F1, and the steps on which the bass speaks.
const ROOTS = [0, 0, 3, 3, -2, -2, 5, 1];
const BASS = "x..x..x...x..x..x..x....x.x..x..";
const CHORDS = [
  [0, 7, 15],
  [0, 7, 14],
  [3, 10, 19],
  [3, 10, 17],
  [-2, 5, 14],
  [-2, 7, 12],
  [5, 12, 20],
  [1, 8, 17],
];

/** Interleaved stereo, -1 to 1; others have a turn after each sixteenth note, so that no stream waits for it. */
export async function renderLoop(): Promise<Float32Array> {
  const left = new Float32Array(LOOP_SAMPLES);
  const right = new Float32Array(LOOP_SAMPLES);
  const noise = noiseSource(174);
  const add = (step: number, length: number, voice: (t: number) => number, pan = 0): void => {
    const start = Math.round(step * STEP);
    for (let n = 0; n < length * SAMPLE_RATE; n += 1) {
      const at = (start + n) % LOOP_SAMPLES;
      const value = voice(n / SAMPLE_RATE);
      left[at] = (left[at] as number) + value * (1 - Math.max(0, pan));
      right[at] = (right[at] as number) + value * (1 + Math.min(0, pan));
    }
  };
  for (let step = 0; step < STEPS; step += 1) {
    const beat = step % 32;
    const bar = Math.floor(step / 16);
    if (KICK[beat] === "x") add(step, 0.22, kick);
    if (SNARE[beat] === "x") add(step, 0.2, snare(noise, 0.55));
    if (GHOST[beat] === "g") add(step, 0.09, snare(noise, 0.12), 0.2);
    if (HAT[beat] === "h") add(step, 0.05, hat(noise, step % 4 === 2 ? 0.16 : 0.09), step % 2 ? 0.35 : -0.35);
    if (BASS[beat] === "x") add(step, 0.3, reese(semitones(43.65, ROOTS[bar] as number)));
    if (step % 16 === 0)
      for (const [index, note] of (CHORDS[bar] as number[]).entries()) pad(left, right, step, note, index);
    await nextTurn();
  }
  const mix = new Float32Array(LOOP_SAMPLES * 2);
  for (let n = 0; n < LOOP_SAMPLES; n += 1) {
    if (n % SAMPLE_RATE === 0) await nextTurn();
    mix[2 * n] = Math.tanh(1.15 * (left[n] as number));
    mix[2 * n + 1] = Math.tanh(1.15 * (right[n] as number));
  }
  return mix;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function semitones(base: number, count: number): number {
  return base * 2 ** (count / 12);
}

function kick(t: number): number {
  // The pitch falls from 190 to 48 Hz; its integral is the phase.
  const phase = 2 * Math.PI * (48 * t + (142 / 38) * (1 - Math.exp(-38 * t)));
  return 0.85 * Math.sin(phase) * Math.exp(-13 * t) + (t < 0.004 ? 0.25 * (1 - t / 0.004) : 0);
}

function snare(noise: () => number, level: number): (t: number) => number {
  let low = 0;
  return (t) => {
    const white = noise();
    low += 0.35 * (white - low);
    const body = Math.sin(2 * Math.PI * 205 * t) * Math.exp(-26 * t);
    return level * (0.6 * body + (white - low) * 0.9 * Math.exp(-19 * t));
  };
}

function hat(noise: () => number, level: number): (t: number) => number {
  let before = 0;
  return (t) => {
    const white = noise();
    const high = white - before;
    before = white;
    return level * high * Math.exp(-85 * t);
  };
}

/** Two saws that beat against each other, low-passed, over a sine. */
function reese(hertz: number): (t: number) => number {
  let low = 0;
  const saw = (t: number, f: number) => 2 * ((t * f) % 1) - 1;
  return (t) => {
    const wave = saw(t, hertz * 1.006) + saw(t, hertz * 0.994);
    low += 0.05 * (wave - low);
    const envelope = Math.min(1, t / 0.006) * Math.min(1, Math.max(0, (0.3 - t) / 0.05));
    return envelope * (0.3 * Math.sin(2 * Math.PI * hertz * t) + 0.24 * low);
  };
}

function pad(left: Float32Array, right: Float32Array, step: number, note: number, voice: number): void {
  const start = Math.round(step * STEP);
  const length = Math.round(16 * STEP);
  const hertz = semitones(174.61, note);
  for (let n = 0; n < length; n += 1) {
    const t = n / SAMPLE_RATE;
    const envelope = 0.05 * Math.sin((Math.PI * n) / length) ** 0.6;
    const at = (start + n) % LOOP_SAMPLES;
    const wave = Math.sin(2 * Math.PI * hertz * t) + 0.4 * Math.sin(2 * Math.PI * hertz * 2.003 * t);
    left[at] = (left[at] as number) + envelope * wave * (voice === 1 ? 0.6 : 1);
    right[at] = (right[at] as number) + envelope * wave * (voice === 2 ? 0.6 : 1);
  }
}

/** Repeatable white noise (xorshift32). */
function noiseSource(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x8000_0000 - 1;
  };
}
