// Opus packets in, samples at the speaker out: decoded here, buffered in an AudioWorklet.
import { SAMPLE_RATE } from "../shared/chunk.ts";
import { createDecoder, type Decoder } from "./decoder.ts";

export interface AudioStats {
  /** Milliseconds of sound that wait in the buffer. */
  readonly buffered: number;
  readonly underruns: number;
}

export class AudioOut {
  readonly analyser: AnalyserNode;
  readonly #context: AudioContext;
  readonly #gain: GainNode;
  readonly #worklet: AudioWorkletNode;
  #decoder: { readonly channels: number; readonly ready: Promise<Decoder> } | undefined;
  #stats: AudioStats = { buffered: 0, underruns: 0 };

  private constructor(context: AudioContext, worklet: AudioWorkletNode) {
    this.#context = context;
    this.#worklet = worklet;
    this.#gain = context.createGain();
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 2048;
    this.analyser.smoothingTimeConstant = 0.78;
    worklet.connect(this.analyser).connect(this.#gain).connect(context.destination);
    worklet.port.onmessage = ({ data }: MessageEvent<AudioStats>) => {
      this.#stats = data;
    };
  }

  /** Must be called from a gesture of the listener, as browsers demand. */
  static async open(workletUrl: string): Promise<AudioOut> {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "playback" });
    try {
      await context.audioWorklet.addModule(workletUrl);
      await context.resume();
      return new AudioOut(
        context,
        new AudioWorkletNode(context, "ring", { numberOfInputs: 0, outputChannelCount: [2] }),
      );
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  get stats(): AudioStats {
    return this.#stats;
  }

  set volume(value: number) {
    this.#gain.gain.setTargetAtTime(value, this.#context.currentTime, 0.02);
  }

  /** Milliseconds between the context and the speaker. */
  get outputLatency(): number {
    return 1000 * (this.#context.outputLatency || this.#context.baseLatency || 0);
  }

  /** Rejects, for as long as it is not reset, where the browser can not decode Opus. */
  async play(packets: readonly Uint8Array[], channels: number): Promise<void> {
    if (this.#decoder?.channels !== channels) this.#decode(channels);
    const held = this.#decoder;
    const decoder = await held?.ready;
    // What waits for a decoder that was dropped meanwhile belongs to the past.
    if (this.#decoder === held) for (const packet of packets) decoder?.decode(packet);
  }

  #decode(channels: number): void {
    this.#drop();
    const failed = () => {
      // A decoder that refused a packet is of no use any more; the next packets get a new one.
      if (this.#decoder === held) this.#drop();
    };
    const held = {
      channels,
      ready: createDecoder(
        channels,
        (left, right) =>
          this.#worklet.port.postMessage(
            { left, right },
            right === left ? [left.buffer] : [left.buffer, right.buffer],
          ),
        failed,
      ),
    };
    this.#decoder = held;
  }

  #drop(): void {
    this.#decoder?.ready.then(
      (decoder) => decoder.close(),
      () => {},
    );
    this.#decoder = undefined;
  }

  /** Forgets what is buffered, as when a stream begins anew. */
  reset(): void {
    this.#drop();
    this.#worklet.port.postMessage("reset");
  }

  /** Root mean square of what is heard now, 0 to 1. */
  rms(): number {
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  }

  async close(): Promise<void> {
    this.#drop();
    await this.#context.close();
  }
}
