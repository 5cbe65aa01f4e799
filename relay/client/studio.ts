// The broadcaster's page.
import { io, type Socket } from "socket.io-client";
import { encodeChunk, PACKET_MS, SAMPLE_RATE } from "../shared/chunk.ts";
import type { ClientEvents, ServerEvents } from "../shared/protocol.ts";
import { byId, show } from "./dom.ts";
import { OpusSource } from "./encoder.ts";

const PACKETS = 3;
const socket: Socket<ServerEvents, ClientEvents> = io({ transports: ["websocket", "polling"] });
const button = byId("air", HTMLButtonElement);
const device = byId("device", HTMLSelectElement);
const bitrate = byId("bitrate", HTMLSelectElement);

interface OnAir {
  readonly context: AudioContext;
  readonly media: MediaStream;
  readonly source: OpusSource;
  readonly analysers: readonly AnalyserNode[];
  readonly began: number;
}

let air: OnAir | undefined;
let sequence = 0;
let position = 0;
let sentBytes = 0;
let packets: Uint8Array[] = [];
let clipped = 0;

function note(text: string, fault = false): void {
  const element = byId("note");
  element.textContent = text;
  element.classList.toggle("fault", fault);
}

async function listDevices(): Promise<void> {
  const chosen = device.value;
  const inputs = (await navigator.mediaDevices.enumerateDevices()).filter(
    ({ kind }) => kind === "audioinput",
  );
  device.replaceChildren(
    ...inputs.map(({ deviceId, label }, index) => new Option(label || `Input ${index + 1}`, deviceId)),
  );
  if (chosen) device.value = chosen;
}

async function start(): Promise<void> {
  note("Waiting for the microphone");
  // Voice processing would pump and gate music.
  const media = await navigator.mediaDevices.getUserMedia({
    audio: {
      ...(device.value && { deviceId: { exact: device.value } }),
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
      channelCount: 2,
    },
  });
  await listDevices();
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  await context.audioWorklet.addModule(document.body.dataset.worklet as string);
  const source = await OpusSource.open(Number(bitrate.value), send, (reason) =>
    note(`The encoder stopped: ${reason}`, true),
  );
  const input = context.createMediaStreamSource(media);
  const capture = new AudioWorkletNode(context, "capture", {
    numberOfOutputs: 0,
    channelCount: 2,
    channelCountMode: "explicit",
  });
  const split = context.createChannelSplitter(2);
  const analysers = [0, 1].map((channel) => {
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    split.connect(analyser, channel);
    return analyser;
  });
  input.connect(capture);
  input.connect(split);
  sequence = 0;
  position = 0;
  sentBytes = 0;
  packets = [];
  const token = byId("token", HTMLInputElement).value;
  const reply = await socket.timeout(8000).emitWithAck("start-broadcast", {
    stream: byId("stream", HTMLInputElement).value.trim(),
    title: byId("name", HTMLInputElement).value.trim() || undefined,
    bitrate: Number(bitrate.value),
    channels: 2,
    ...(token && { token }),
  });
  if (!reply.ok) {
    release({ context, media, source, analysers, began: 0 });
    throw new Error(reply.message);
  }
  capture.port.onmessage = ({ data }: MessageEvent<{ left: Float32Array; right: Float32Array }>) =>
    source.feed(data.left, data.right);
  air = { context, media, source, analysers, began: performance.now() };
  document.body.dataset.state = "playing";
  button.textContent = "Stop";
  byId("state").textContent = "On air";
  note("");
}

function send(packet: Uint8Array): void {
  packets.push(packet);
  if (packets.length < PACKETS || !air) return;
  const chunk = encodeChunk({
    sequence,
    mediaTime: position,
    captureTime: Date.now() - PACKETS * PACKET_MS,
    channels: 2,
    packets,
  });
  packets = [];
  sequence += 1;
  position += (PACKETS * PACKET_MS * SAMPLE_RATE) / 1000;
  sentBytes += chunk.length;
  socket.emit("audio-chunk", chunk);
}

function release({ context, media, source }: OnAir): void {
  source.close();
  for (const track of media.getTracks()) track.stop();
  void context.close();
}

function stop(reason = ""): void {
  if (air) release(air);
  air = undefined;
  socket.emit("stop-broadcast");
  document.body.dataset.state = "idle";
  button.textContent = "Go on air";
  byId("state").textContent = "Off air";
  note(reason, reason !== "");
}

button.addEventListener("click", () => {
  if (air) stop();
  else
    start().catch((error: Error) =>
      stop(
        error.name === "NotAllowedError"
          ? "The browser does not let this page use the microphone: allow it beside the address."
          : error.message,
      ),
    );
});
bitrate.addEventListener("change", () => {
  if (!air) return;
  air.source.setBitrate(Number(bitrate.value));
  socket.emit("bitrate-change", { bitrate: Number(bitrate.value) });
});
socket.on("disconnect", () => air && stop("The connection was lost: go on air again."));
socket.on("reconnect", () => air && stop("This relay is leaving: go on air again."));
socket.on("stream-ended", () => air && stop("The broadcast was ended by the relay."));

function peak(analyser: AnalyserNode): number {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

setInterval(() => {
  for (const [index, id] of ["left", "right"].entries()) {
    const analyser = air?.analysers[index];
    const level = analyser ? peak(analyser) : 0;
    byId(id, HTMLMeterElement).value = level > 0 ? 60 + Math.max(-60, 20 * Math.log10(level)) : 0;
    if (level >= 0.99) clipped = performance.now();
  }
  document.body.classList.toggle("clipping", air !== undefined && performance.now() - clipped < 1500);
  if (!air) return;
  const seconds = (performance.now() - air.began) / 1000;
  show("elapsed", new Date(seconds * 1000).toISOString().slice(11, 19));
  show("sent", `${sequence} chunks`);
  show("rate", `${Math.round((sentBytes * 8) / 1000 / Math.max(1, seconds))} kbit/s`);
}, 100);

setInterval(() => {
  if (!air) return;
  const began = performance.now();
  socket.emit("stream-info", { stream: byId("stream", HTMLInputElement).value.trim() }, (reply) => {
    show("ping", `${Math.round(performance.now() - began)} ms`);
    if (reply.ok) show("listeners", String(reply.info.listeners));
  });
}, 2000);

void listDevices().catch(() => note("This page needs https or localhost to use a microphone.", true));
