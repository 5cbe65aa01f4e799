// Microphone samples in, Opus packets of 20 ms out.
import { SAMPLE_RATE } from "../shared/chunk.ts";

export class OpusSource {
  readonly #encoder: AudioEncoder;
  #position = 0;

  private constructor(encoder: AudioEncoder) {
    this.#encoder = encoder;
  }

  /** Throws in words where the browser can not encode Opus. */
  static async open(
    bitrate: number,
    packet: (packet: Uint8Array) => void,
    failed: (reason: string) => void,
  ): Promise<OpusSource> {
    if (!("AudioEncoder" in globalThis))
      throw new Error(
        "this browser can not encode audio (WebCodecs): use Chrome, Edge, Firefox or Safari of today",
      );
    const { supported } = await AudioEncoder.isConfigSupported(settings(bitrate));
    if (!supported) throw new Error("this browser can not encode Opus");
    const encoder = new AudioEncoder({
      output(chunk) {
        const bytes = new Uint8Array(chunk.byteLength);
        chunk.copyTo(bytes);
        packet(bytes);
      },
      error: (error) => failed(error.message),
    });
    encoder.configure(settings(bitrate));
    return new OpusSource(encoder);
  }

  /** Exactly one packet's samples: with others a change of bitrate would lose some. */
  feed(left: Float32Array, right: Float32Array): void {
    // The microphone's last samples may come after the end.
    if (this.#encoder.state !== "configured") return;
    const planar = new Float32Array(left.length + right.length);
    planar.set(left);
    planar.set(right, left.length);
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: SAMPLE_RATE,
      numberOfFrames: left.length,
      numberOfChannels: 2,
      timestamp: Math.round((this.#position / SAMPLE_RATE) * 1e6),
      data: planar,
    });
    this.#position += left.length;
    this.#encoder.encode(data);
    data.close();
  }

  setBitrate(bitrate: number): void {
    this.#encoder.configure(settings(bitrate));
  }

  close(): void {
    if (this.#encoder.state !== "closed") this.#encoder.close();
  }
}

function settings(bitrate: number): AudioEncoderConfig {
  return {
    codec: "opus",
    sampleRate: SAMPLE_RATE,
    numberOfChannels: 2,
    bitrate: bitrate * 1000,
    opus: {
      frameDuration: 20_000,
      application: "audio",
      signal: "music",
      usedtx: false,
      useinbandfec: false,
      format: "opus",
    } as OpusEncoderConfig,
  };
}
