// Collects the microphone's 128-sample blocks into packets of 20 ms.

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

const SAMPLES = 960;

class Capture extends AudioWorkletProcessor {
  #left = new Float32Array(SAMPLES);
  #right = new Float32Array(SAMPLES);
  #filled = 0;

  process(inputs: Float32Array[][]): boolean {
    const [left, right = left] = inputs[0] ?? [];
    if (!left || !right) return true;
    for (let n = 0; n < left.length; n += 1) {
      this.#left[this.#filled] = left[n] as number;
      this.#right[this.#filled] = right[n] as number;
      this.#filled += 1;
      if (this.#filled < SAMPLES) continue;
      this.port.postMessage({ left: this.#left, right: this.#right }, [
        this.#left.buffer,
        this.#right.buffer,
      ] as never);
      this.#left = new Float32Array(SAMPLES);
      this.#right = new Float32Array(SAMPLES);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
