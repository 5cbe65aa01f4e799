// The browser's own Opus decoder where it has one, else WASM.
import { SAMPLE_RATE } from "../shared/chunk.ts";

export interface Decoder {
  decode(packet: Uint8Array): void;
  close(): void;
}

export type Samples = (left: Float32Array, right: Float32Array) => void;

/** @param failed is called where a packet was refused and the decoder decodes no more */
export async function createDecoder(
  channels: number,
  samples: Samples,
  failed: () => void,
): Promise<Decoder> {
  const config = { codec: "opus", sampleRate: SAMPLE_RATE, numberOfChannels: channels };
  if ("AudioDecoder" in globalThis && (await AudioDecoder.isConfigSupported(config)).supported)
    return native(config, samples, failed);
  return wasm(channels, samples);
}

function native(config: AudioDecoderConfig, samples: Samples, failed: () => void): Decoder {
  let timestamp = 0;
  const decoder = new AudioDecoder({
    output(data) {
      const plane = (planeIndex: number) => {
        const channel = new Float32Array(data.numberOfFrames);
        data.copyTo(channel, { planeIndex, format: "f32-planar" });
        return channel;
      };
      const left = plane(0);
      samples(left, data.numberOfChannels > 1 ? plane(1) : left);
      data.close();
    },
    error(error) {
      console.warn("the decoder refused a packet:", error.message);
      failed();
    },
  });
  decoder.configure(config);
  return {
    decode(packet) {
      if (decoder.state !== "configured") return;
      decoder.decode(new EncodedAudioChunk({ type: "key", timestamp, data: packet }));
      timestamp += 20_000;
    },
    close: () => {
      if (decoder.state !== "closed") decoder.close();
    },
  };
}

async function wasm(channels: number, samples: Samples): Promise<Decoder> {
  const { OpusDecoder } = await import("opus-decoder");
  const decoder = new OpusDecoder({ channels, sampleRate: SAMPLE_RATE, forceStereo: true });
  await decoder.ready;
  return {
    decode(packet) {
      const { channelData } = decoder.decodeFrame(packet);
      const [left, right] = channelData;
      if (left) samples(left, right ?? left);
    },
    close: () => decoder.free(),
  };
}
