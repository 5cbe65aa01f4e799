// The buffer between the network and the speaker. Sizes are milliseconds of sound.

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

/** Sound starts when so much is there. */
const TARGET = 250;
/** After each underrun the target grows by a half, up to this. */
const TARGET_MAX = 1_000;
/** Above this the listener is brought back to the live edge. */
const JUMP = 2_000;
const CAPACITY = 8_000;

class Ring extends AudioWorkletProcessor {
  readonly #size = Math.round((CAPACITY / 1000) * sampleRate);
  readonly #left = new Float32Array(this.#size);
  readonly #right = new Float32Array(this.#size);
  #read = 0;
  #filled = 0;
  #target = TARGET;
  #playing = false;
  #underruns = 0;
  #quanta = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<"reset" | { left: Float32Array; right: Float32Array }>) => {
      if (data === "reset") {
        this.#filled = 0;
        this.#playing = false;
      } else this.#write(data.left, data.right);
    };
  }

  #write(left: Float32Array, right: Float32Array): void {
    for (let n = 0; n < left.length; n += 1) {
      const at = (this.#read + this.#filled) % this.#size;
      this.#left[at] = left[n] as number;
      this.#right[at] = right[n] as number;
      if (this.#filled < this.#size) this.#filled += 1;
      else this.#read = (this.#read + 1) % this.#size;
    }
    const late = this.#filled - this.#samples(JUMP);
    if (late > 0) {
      const drop = this.#filled - this.#samples(this.#target);
      this.#read = (this.#read + drop) % this.#size;
      this.#filled -= drop;
    }
  }

  #samples(ms: number): number {
    return Math.round((ms / 1000) * sampleRate);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [left, right] = outputs[0] as [Float32Array, Float32Array];
    if (!this.#playing && this.#filled >= this.#samples(this.#target)) this.#playing = true;
    if (this.#playing) {
      const count = Math.min(left.length, this.#filled);
      for (let n = 0; n < count; n += 1) {
        left[n] = this.#left[this.#read] as number;
        right[n] = this.#right[this.#read] as number;
        this.#read = (this.#read + 1) % this.#size;
      }
      this.#filled -= count;
      if (count < left.length) {
        this.#playing = false;
        this.#underruns += 1;
        this.#target = Math.min(TARGET_MAX, this.#target * 1.5);
      }
    }
    this.#quanta += 1;
    if (this.#quanta % 38 === 0) {
      this.port.postMessage({
        buffered: (this.#filled / sampleRate) * 1000,
        underruns: this.#underruns,
      });
    }
    return true;
  }
}

registerProcessor("ring", Ring);
