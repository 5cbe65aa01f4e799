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
const form = byId("settings", HTMLFormElement);

const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: "The browser does not let this page use the microphone: allow it beside the address.",
  NotFoundError: "There is no microphone: connect one, and go on air again.",
};

/** What a broadcast holds, as far as it was opened. */
interface Held {
  media?: MediaStream;
  context?: AudioContext;
  source?: OpusSource;
}
interface OnAir {
  readonly stream: string;
  readonly held: Held;
  readonly source: OpusSource;
  readonly analysers: readonly AnalyserNode[];
  readonly began: number;
}

let air: OnAir | undefined;
let starting = false;
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

async function start(held: Held): Promise<OnAir> {
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
  held.media = media;
  await listDevices();
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  held.context = context;
  await context.audioWorklet.addModule(document.body.dataset.worklet as string);
  const source = await OpusSource.open(Number(bitrate.value), send, (reason) => {
    if (air?.held === held) stop(`The encoder stopped: ${reason}.`);
  });
  held.source = source;
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
  note("Waiting for the relay");
  const stream = byId("stream", HTMLInputElement).value.trim();
  await broadcast(stream);
  for (const track of media.getTracks())
    track.addEventListener("ended", () => air?.held === held && stop("The microphone is gone."));
  capture.port.onmessage = ({ data }: MessageEvent<{ left: Float32Array; right: Float32Array }>) =>
    source.feed(data.left, data.right);
  return { stream, held, source, analysers, began: performance.now() };
}

/** Rejects in words where the relay does not take the broadcast. */
async function broadcast(stream: string): Promise<void> {
  const token = byId("token", HTMLInputElement).value;
  const reply = await socket
    .timeout(8000)
    .emitWithAck("start-broadcast", {
      stream,
      title: byId("name", HTMLInputElement).value.trim() || undefined,
      bitrate: Number(bitrate.value),
      channels: 2,
      ...(token && { token }),
    })
    .catch(() => {
      throw new Error("The relay does not answer: try again.");
    });
  if (!reply.ok) throw new Error(`The relay refused: ${reply.message}.`);
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

function release({ media, context, source }: Held): void {
  source?.close();
  for (const track of media?.getTracks() ?? []) track.stop();
  void context?.close();
}

/** What can not change on air is shown as it is, and not taken. */
function become(state: "idle" | "connecting" | "playing", words: string): void {
  document.body.dataset.state = state;
  byId("state").textContent = words;
  button.textContent = state === "playing" ? "Stop" : "Go on air";
  button.disabled = state === "connecting";
  for (const field of [device, ...form.querySelectorAll("input")]) field.disabled = state !== "idle";
}

function stop(reason = ""): void {
  if (air) release(air.held);
  air = undefined;
  socket.emit("stop-broadcast");
  become("idle", "Off air");
  note(reason, reason !== "");
}

async function goOnAir(): Promise<void> {
  if (starting || !form.reportValidity()) return;
  starting = true;
  become("connecting", "Starting");
  const held: Held = {};
  try {
    air = await start(held);
    become("playing", "On air");
    note("");
  } catch (error) {
    release(held);
    const { name, message } = error as Error;
    stop(REASONS[name] ?? message);
  } finally {
    starting = false;
  }
}

button.addEventListener("click", () => (air ? stop() : void goOnAir()));
bitrate.addEventListener("change", () => {
  if (!air) return;
  air.source.setBitrate(Number(bitrate.value));
  socket.emit("bitrate-change", { bitrate: Number(bitrate.value) });
});
socket.on("disconnect", () => air && stop("The connection was lost: go on air again."));
socket.on("reconnect", () => air && stop("This relay is leaving: go on air again."));
socket.on("stream-ended", ({ stream, reason }) => {
  if (air?.stream === stream)
    stop(
      reason === "taken"
        ? `Somebody else broadcasts "${stream}" now: choose another name for the stream.`
        : "The broadcast was ended by the relay: go on air again.",
    );
});

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
  show("sent", `${(sentBytes / 1e6).toFixed(1)} MB`);
  show("rate", `${Math.round((sentBytes * 8) / 1000 / Math.max(1, seconds))} kbit/s`);
}, 100);

setInterval(() => {
  if (!air) return;
  const began = performance.now();
  socket.emit("stream-info", { stream: air.stream }, (reply) => {
    show("ping", `${Math.round(performance.now() - began)} ms`);
    if (reply.ok) show("listeners", String(reply.info.listeners));
  });
}, 2000);

void listDevices().catch(() => note("This page needs https or localhost to use a microphone.", true));
