// Stand-ins for a thousand hosts: real SSH on addresses of the loopback, behind which nothing is ever done.
import { readFileSync } from "node:fs";
import ssh2 from "ssh2";

/** Of the stand-in with this number: each in a network of its own, or they would be dialled at one network's pace. */
export function addressOf(number: number): string {
  return `127.${1 + (number >> 8)}.${number & 255}.1`;
}

export const PORT = 2022;

/** What a host that does as it is told would answer; it remembers its manifest alone. */
class StandIn {
  #staged = "none";
  #held = "none";

  answer(verb: string, stdin: string): string {
    if (verb === "inspect") return `manifest\t${this.#held}\n`;
    if (verb === "finish") {
      this.#held = this.#staged;
      return "generation\t1\n";
    }
    if (verb !== "stage") return "";
    const [manifest = "none", ...objects] = new Set(stdin.match(/\b[0-9a-f]{64}\b/g));
    this.#staged = manifest;
    return objects.map((sha) => `missing\t${sha}\n`).join("");
  }

  listen(hostKey: Buffer, address: string): Promise<void> {
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on("error", () => {});
      client.on("authentication", (context) => context.accept());
      client.on("session", (accept) =>
        accept().on("exec", (open, _, { command }) => this.#exec(open(), command)),
      );
    });
    return new Promise((listening) => server.listen(PORT, address, listening));
  }

  #exec(stream: ssh2.ServerChannel, command: string): void {
    const verb = /\.sh (?:--lock \S+ )?([a-z]+)/.exec(command)?.[1] ?? "";
    let stdin = "";
    if (verb === "hold") stream.write("held\t\n");
    stream.on("data", (chunk: Buffer) => {
      if (verb === "stage") stdin += chunk;
    });
    stream.on("end", () => {
      stream.write(this.answer(verb, stdin));
      stream.exit(0);
      stream.end();
    });
  }
}

/** Run as a process: the path of a private host key, and how many. */
const [, file, key, count] = process.argv;
if (file === import.meta.filename) {
  const hostKey = readFileSync(key as string);
  await Promise.all(
    Array.from({ length: Number(count) }, (_, n) => new StandIn().listen(hostKey, addressOf(n))),
  );
  console.log("ready");
}
