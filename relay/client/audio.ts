// Opus packets in, samples at the speaker out: decoded here, buffered in an AudioWorklet.
import { SAMPLE_RATE } from "../shared/chunk.ts";
import { createDecoder, type Decoder } from "./decoder.ts";

export interface AudioStats {
  /** Milliseconds of sound that wait in the buffer. */
  readonly buffered: number;
  readonly underruns: number;
  /** Milliseconds thrown away to come back to the live edge. */
  readonly skipped: number;
}

export class AudioOut {
  readonly analyser: AnalyserNode;
  readonly #context: AudioContext;
  readonly #gain: GainNode;
  readonly #worklet: AudioWorkletNode;
  #decoder: Decoder | undefined;
  #channels = 0;
  #stats: AudioStats = { buffered: 0, underruns: 0, skipped: 0 };

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
    await context.audioWorklet.addModule(workletUrl);
    await context.resume();
    return new AudioOut(
      context,
      new AudioWorkletNode(context, "ring", { numberOfInputs: 0, outputChannelCount: [2] }),
    );
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

  async play(packets: readonly Uint8Array[], channels: number): Promise<void> {
    if (!this.#decoder || channels !== this.#channels) {
      this.#decoder?.close();
      this.#channels = channels;
      this.#decoder = await createDecoder(channels, (left, right) => {
        this.#worklet.port.postMessage(
          { left, right },
          right === left ? [left.buffer] : [left.buffer, right.buffer],
        );
      });
    }
    for (const packet of packets) this.#decoder.decode(packet);
  }

  /** Forgets what is buffered, as when a stream begins anew. */
  reset(): void {
    this.#decoder?.close();
    this.#decoder = undefined;
    this.#worklet.port.postMessage("reset");
  }

  /** Root mean square of what is heard now, 0 to 1. */
  rms(): number {
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  }

  async close(): Promise<void> {
    this.#decoder?.close();
    await this.#context.close();
  }
}
