// A WebSocket client that reads until it is connected and never again, but answers pings that it did not see.
import { connect, type Socket } from "node:net";
import type { Worker } from "./worker.ts";

export interface Stuck {
  /** Sends one text frame, masked with zeros (RFC 6455 §5.2). */
  send(text: string): void;
  /** A WebSocket ping with 125 bytes, which is answered below Engine.IO. */
  ping(times: number): void;
  readonly closed: boolean;
  end(): void;
}

const TEXT = 0x81;
const PING = 0x89;

async function answered(socket: Socket, wanted: string): Promise<void> {
  let text = "";
  await new Promise<void>((done) => {
    const read = (data: Buffer) => {
      text += data.toString("latin1");
      if (!text.includes(wanted)) return;
      socket.off("data", read).pause();
      done();
    };
    socket.on("data", read).resume();
  });
}

export async function stuck({ url }: Worker): Promise<Stuck> {
  const { hostname, port, host } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port) });
  let closed = false;
  // Without reading no end is seen, but a connection that was destroyed resets what is written to it.
  const gone = () => {
    closed = true;
  };
  socket.on("error", gone).on("close", gone);
  const frame = (opcode: number, content: Buffer) =>
    Buffer.concat([Buffer.from([opcode, 0x80 | content.length, 0, 0, 0, 0]), content]);
  const send = (text: string) => socket.write(frame(TEXT, Buffer.from(text)));
  await new Promise<void>((done) => socket.once("connect", done));
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  await answered(socket, "101 Switching Protocols");
  send("40");
  await answered(socket, '40{"sid"');
  const pongs = setInterval(() => send("3"), 500);
  return {
    send,
    ping: (times) => {
      for (let n = 0; n < times; n += 1) socket.write(frame(PING, Buffer.alloc(125)));
    },
    get closed() {
      return closed;
    },
    end: () => {
      clearInterval(pongs);
      socket.destroy();
    },
  };
}
