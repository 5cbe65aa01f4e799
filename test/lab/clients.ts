// Clients of a lab region's edges, from this machine's addresses on the bridge.
import { readFileSync } from "node:fs";
import { Agent, get } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { io, type Socket } from "socket.io-client";
import type { Lab } from "./lab.ts";

export class Clients {
  readonly #lab: Lab;
  readonly #ca: string;
  readonly #sockets: Socket[] = [];

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#ca = readFileSync(join(lab.folder, "ca", "ca.crt"), "utf8");
  }

  /** A client of an edge through its nginx; the address decides which worker it is sent to. */
  async connect(edge: string, localAddress = this.#lab.addresses[0] as string): Promise<Socket> {
    const address = this.#lab.host(edge).address;
    const socket = io("https://lab.test", {
      transports: ["websocket"],
      forceNew: true,
      // @ts-expect-error Node's WebSocket takes an agent, as engine.io-client documents
      agent: new Agent({
        ca: this.#ca,
        localAddress,
        lookup: (_name, options, done) => done(null, options.all ? [{ address, family: 4 }] : address, 4),
      }),
    });
    this.#sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("connect_error", reject);
    });
    return socket;
  }

  /** A client that nginx sends to a certain worker. */
  async ofWorker(edge: string, port: number): Promise<Socket> {
    for (const address of this.#lab.addresses) {
      const socket = await this.connect(edge, address);
      const { info } = await socket.emitWithAck("stream-info", { stream: "demo" });
      if (info?.instance === `${edge}-${port}`) return socket;
      socket.disconnect();
    }
    throw new Error(`no address of this machine is sent to worker ${port} of ${edge}`);
  }

  /** What an edge answers at `/health`, verified against the lab's CA. */
  health(edge: string): Promise<{ protocol: string | null; body: string; headers: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      const options = {
        host: this.#lab.host(edge).address,
        servername: "lab.test",
        headers: { host: "lab.test" },
        path: "/health",
        ca: this.#ca,
        agent: false as const,
      };
      const request = get(options, (response) => {
        const protocol = (response.socket as TLSSocket).getProtocol();
        let body = "";
        response.on("data", (data) => {
          body += data;
        });
        response.on("end", () => resolve({ protocol, body, headers: response.headers }));
      });
      request.once("error", reject);
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.disconnect();
  }
}
