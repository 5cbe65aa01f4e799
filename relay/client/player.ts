// The listener's page.
import { io, type Socket } from "socket.io-client";
import { decodeChunk } from "../shared/chunk.ts";
import type { ClientEvents, ErrorCode, Reply, ServerEvents, StreamInfo } from "../shared/protocol.ts";
import { AudioOut } from "./audio.ts";
import { byId, show } from "./dom.ts";
import { Visualizer } from "./visualizer.ts";

type State = "idle" | "connecting" | "waiting" | "playing" | "reconnecting";

const WORDS: Record<State, string> = {
  idle: "Ready",
  connecting: "Connecting",
  waiting: "Off air",
  playing: "Live",
  reconnecting: "Reconnecting",
};

const BUSY: Partial<Record<ErrorCode, string>> = {
  full: "This relay is full",
  draining: "This relay is leaving",
  "rate-limited": "This relay was asked too often",
};
/** Milliseconds, up to twice that, before a relay that refused is asked again. */
const RETRY = 2_000;
const LOOK_EVERY = 10_000;

const stream = new URLSearchParams(location.search).get("stream") ?? document.body.dataset.stream ?? "demo";
const socket: Socket<ServerEvents, ClientEvents> = io({
  transports: ["websocket", "polling"],
  reconnectionDelayMax: 4000,
});
const button = byId("play", HTMLButtonElement);
let audio: AudioOut | undefined;
/** Counts presses of the button: what was begun for an earlier one is dropped. */
let press = 0;
let state: State = "idle";
let lastSequence = -1;
let lost = 0;
let latency = 0;
let heardAt = 0;

function become(next: State): void {
  state = next;
  document.body.dataset.state = next;
  byId("state").textContent = WORDS[next];
  button.setAttribute("aria-pressed", String(next !== "idle"));
  button.setAttribute("aria-label", next === "idle" ? "Play" : "Stop");
}

function learn(now: StreamInfo): void {
  byId("title").textContent = now.title;
  show("bitrate", `${now.bitrate} kbit/s`);
  show("codec", `Opus ${now.channels === 2 ? "stereo" : "mono"}`);
  show("listeners", String(now.listeners));
  show("served", `${now.instance} · ${now.region}`);
  document.title = `${now.title} · live`;
  if ("mediaSession" in navigator) {
    navigator.mediaSession.metadata = new MediaMetadata({
      title: now.title,
      artist: "Live",
      album: now.stream,
    });
  }
}

function note(text: string): void {
  show("note", text);
}

function join(): void {
  const mine = press;
  socket.emit("join-stream", { stream }, (reply: Reply<{ info: StreamInfo }>) => {
    if (press !== mine || state === "idle") return;
    if (reply.ok) {
      learn(reply.info);
      note("");
      if (state !== "playing") become("connecting");
    } else if (reply.code === "no-such-stream") {
      note("Nobody is on air. It will start by itself.");
      become("waiting");
    } else if (reply.code === "bad-request") {
      void stop();
      note(`There is no such stream: ${reply.message}.`);
    } else {
      note(`${BUSY[reply.code] ?? reply.message}. Trying again.`);
      become("reconnecting");
      // A new connection may reach another worker.
      setTimeout(
        () => {
          if (press === mine && state === "reconnecting") socket.disconnect().connect();
        },
        RETRY + Math.random() * RETRY,
      );
    }
  });
}

async function play(): Promise<void> {
  press += 1;
  const mine = press;
  lost = 0;
  become("connecting");
  note("");
  try {
    const opened = await AudioOut.open(document.body.dataset.worklet as string);
    if (press !== mine) return await opened.close();
    audio = opened;
  } catch (error) {
    if (press !== mine) return;
    note(`The sound could not be started: ${(error as Error).message}`);
    become("idle");
    return;
  }
  audio.volume = byId("volume", HTMLInputElement).valueAsNumber;
  if (socket.connected) join();
}

async function stop(): Promise<void> {
  press += 1;
  become("idle");
  note("");
  for (const fact of ["latency", "buffer", "lost"]) show(fact, "–");
  socket.emit("leave-stream");
  look();
  const closing = audio;
  audio = undefined;
  lastSequence = -1;
  await closing?.close();
}

/** Whether somebody is on air, while nobody listens here. */
function look(): void {
  if (state !== "idle" || !socket.connected) return;
  socket.emit("stream-info", { stream }, (reply) => {
    if (state !== "idle") return;
    if (reply.ok) learn(reply.info);
    show("state", reply.ok ? "On air" : WORDS.waiting);
    document.body.dataset.air = String(reply.ok);
  });
}

button.addEventListener("click", () => void (state === "idle" ? play() : stop()));
byId("volume", HTMLInputElement).addEventListener("input", (event) => {
  if (audio) audio.volume = (event.target as HTMLInputElement).valueAsNumber;
});
addEventListener("keydown", (event) => {
  if (event.code !== "Space" || (event.target as HTMLElement).matches("button, input, a")) return;
  event.preventDefault();
  button.click();
});
if ("mediaSession" in navigator) {
  navigator.mediaSession.setActionHandler("play", () => state === "idle" && button.click());
  navigator.mediaSession.setActionHandler("pause", () => state !== "idle" && button.click());
  navigator.mediaSession.setActionHandler("stop", () => state !== "idle" && button.click());
}

socket.on("connect", () => (state === "idle" ? look() : audio && join()));
setInterval(look, LOOK_EVERY);
socket.on("disconnect", () => {
  if (state !== "idle") become("reconnecting");
});
socket.on("reconnect", ({ delay }) => {
  setTimeout(() => socket.disconnect().connect(), delay);
});
socket.on("stream-info", learn);
socket.on("bitrate-change", ({ bitrate }) => show("bitrate", `${bitrate} kbit/s`));
socket.on("stream-ended", () => {
  if (state === "idle") return;
  note("The broadcast ended. It will start again by itself.");
  audio?.reset();
  lastSequence = -1;
  become("waiting");
});
socket.on("audio-data", (_stream, bytes) => {
  if (!audio || state === "idle") return;
  const chunk = decodeChunk(new Uint8Array(bytes));
  if (chunk.sequence < lastSequence) audio.reset();
  else if (lastSequence >= 0) lost += chunk.sequence - lastSequence - 1;
  lastSequence = chunk.sequence;
  latency = Date.now() - chunk.captureTime;
  heardAt = performance.now();
  if (state !== "playing") {
    note("");
    become("playing");
    socket.emit("stream-info", { stream }, (reply) => reply.ok && learn(reply.info));
  }
  audio.play(chunk.packets, chunk.channels).catch((error: Error) => {
    note(`This browser can not decode the sound: ${error.message}. Stop and play to try again.`);
  });
});

setInterval(() => {
  const stats = audio?.stats;
  const rms = audio && performance.now() - heardAt < 1500 ? audio.rms() : 0;
  const decibels = rms > 0 ? Math.max(-60, 20 * Math.log10(rms)) : -60;
  byId("level", HTMLMeterElement).value = 60 + decibels;
  if (stats && state === "playing") {
    show("latency", `${Math.round(latency + stats.buffered + (audio?.outputLatency ?? 0))} ms`);
    show("buffer", `${Math.round(stats.buffered)} ms`);
    show("lost", `${lost} lost · ${stats.underruns} gaps`);
  }
}, 100);

new Visualizer(byId("bars", HTMLCanvasElement), () => audio?.analyser);
become("idle");

/** For tests and the curious: what the page knows. */
Object.assign(window, {
  soundstage: {
    rms: () => audio?.rms() ?? 0,
    spectrum: () => {
      const bins = new Float32Array(audio?.analyser.frequencyBinCount ?? 0);
      audio?.analyser.getFloatFrequencyData(bins);
      return [...bins];
    },
    state: () => state,
    stats: () => ({ ...audio?.stats, lost, sequence: lastSequence }),
  },
});
