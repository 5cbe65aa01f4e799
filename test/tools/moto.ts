// moto's server, which stands in for AWS.
import { type ChildProcess, spawn } from "node:child_process";
import { freePort } from "../../relay/test/port.ts";
import { eventually } from "../lab/run.ts";

/** What its clients, the AWS CLI and Terraform's provider, take from the environment. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "us-east-1",
  AWS_DEFAULT_REGION: "us-east-1", // of AWS CLI 1
};

export class Moto {
  readonly endpoint: string;
  readonly #server: ChildProcess;

  private constructor(endpoint: string, server: ChildProcess) {
    this.endpoint = endpoint;
    this.#server = server;
  }

  static async start(): Promise<Moto> {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const server = spawn("moto_server", ["-p", `${port}`], { stdio: "ignore" });
    await eventually(120_000, () => fetch(endpoint));
    return new Moto(endpoint, server);
  }

  stop(): void {
    this.#server.kill();
  }
}
