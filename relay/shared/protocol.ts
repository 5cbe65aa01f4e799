// The events between the relay and its clients, typed once for both sides.

/** Letters, digits, `-` and `_`, at most 64: what a stream may be called. */
export const STREAM_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** kbit/s that a broadcaster may send. */
export const BITRATES = [64, 96, 128, 192, 256, 320] as const;

export interface StreamInfo {
  readonly stream: string;
  readonly title: string;
  /** kbit/s. */
  readonly bitrate: number;
  readonly channels: 1 | 2;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Over all workers and hosts that share a Redis. */
  readonly listeners: number;
  /** Region and worker that answer. */
  readonly region: string;
  readonly instance: string;
}

export type ErrorCode =
  | "bad-request"
  | "bad-chunk"
  | "not-broadcasting"
  | "unauthorized"
  | "stream-taken"
  | "no-such-stream"
  | "rate-limited"
  | "full"
  | "draining";

export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly message: string;
}
export type Reply<T = object> = (T & { readonly ok: true }) | Refusal;
export type Ack<T = object> = (reply: Reply<T>) => void;

export interface StartBroadcast {
  readonly stream: string;
  readonly title?: string | undefined;
  readonly bitrate?: number | undefined;
  readonly channels?: 1 | 2 | undefined;
  readonly token?: string | undefined;
}

export interface ClientEvents {
  "start-broadcast": (request: StartBroadcast, ack: Ack<{ info: StreamInfo }>) => void;
  "audio-chunk": (chunk: Uint8Array, ack?: Ack) => void;
  "bitrate-change": (request: { readonly bitrate: number }, ack?: Ack) => void;
  "stop-broadcast": (ack?: Ack) => void;
  "join-stream": (request: { readonly stream: string }, ack: Ack<{ info: StreamInfo }>) => void;
  "leave-stream": (ack?: Ack) => void;
  "stream-info": (request: { readonly stream: string }, ack: Ack<{ info: StreamInfo }>) => void;
}

export interface ServerEvents {
  "stream-info": (info: StreamInfo) => void;
  "audio-data": (stream: string, chunk: Uint8Array) => void;
  "bitrate-change": (change: { readonly stream: string; readonly bitrate: number }) => void;
  "stream-ended": (end: {
    readonly stream: string;
    /** `taken`, of a broadcaster alone: somebody else broadcasts under that name now. */
    readonly reason: "stopped" | "disconnected" | "draining" | "taken";
  }) => void;
  /** The worker leaves: connect again after `delay` milliseconds. */
  reconnect: (hint: { readonly delay: number }) => void;
}
