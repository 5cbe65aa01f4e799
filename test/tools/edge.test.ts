import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { NginxParser } from "nginx-conf/dist/src/parser.js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { EdgeProps } from "../../constructs/edge/edge.ts";
import { freePort } from "../../relay/test/port.ts";
import { edgeFiles, nginxMissing as missing, placeNginx, signEdge } from "./nginx.ts";

const files = (settings: EdgeProps["settings"] = {}) => edgeFiles({ ports: [3000, 3001], settings });

test("a changed value changes one line of one file", () => {
  const [before, after] = [files(), files({ keepalive_timeout: "70s" })];
  const changed = [...after].filter(([path, text]) => before.get(path) !== text);
  expect(changed.map(([path]) => path)).toEqual(["/etc/nginx/nginx.conf"]);
  const lines = (text: string | undefined) => (text ?? "").split("\n");
  expect(
    lines(after.get("/etc/nginx/nginx.conf")).filter(
      (line, index) => line !== lines(before.get("/etc/nginx/nginx.conf"))[index],
    ),
  ).toEqual(["    keepalive_timeout 70s;"]);
});

test.for([
  [{ keepalive_timout: "65s" }, /nginx setting "keepalive_timout" is not known/],
  [{ keepalive_timeout: "soon" }, /must be a time such as 65s/],
  [{ client_max_body_size: "big" }, /must be a size such as 1m/],
  [{ worker_connections: 1 }, /must be a whole number from 64 to 1000000/],
] as const)("a setting that nginx would not take is refused: %j", ([settings, message]) => {
  expect(() => files(settings as Record<string, string>)).toThrow(message);
});

test("another parser reads what is printed", () => {
  for (const [path, text] of files()) {
    if (!path.endsWith(".conf") || path.includes("systemd")) continue;
    let fault: Error | null = null;
    let names: string[] = [];
    new NginxParser().parse(text, (error, tree) => {
      fault = error;
      names = tree?.children?.map(({ name }) => name) ?? [];
    });
    expect([path, fault]).toEqual([path, null]);
    expect(names).toContain(path.endsWith("nginx.conf") ? "http" : "server");
  }
});

describe.skipIf(missing)(`nginx with the whole set of files${missing}`, () => {
  let folder: string;
  let port: number;
  let plainPort: number;
  let relay: Server;
  let nginx: ReturnType<typeof spawn>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "nginx-"));
    // The workers read as www-data.
    for (const path of [dirname(folder), folder]) chmodSync(path, 0o755);
    port = await freePort();
    plainPort = await freePort();
    relay = createServer((_, response) =>
      response.setHeader("X-Content-Type-Options", "nosniff").end("from the relay"),
    );
    relay.on("upgrade", (incoming, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      socket.on("data", (data) => socket.write(data));
      socket.on("error", () => {});
      incoming.resume();
    });
    const relayPort = await freePort();
    await new Promise<void>((resolve) => relay.listen(relayPort, "127.0.0.1", resolve));
    signEdge(folder);
    const main = placeNginx(files(), folder, (text) =>
      text
        .replaceAll("listen 443", `listen 127.0.0.1:${port}`)
        .replaceAll("listen 80", `listen 127.0.0.1:${plainPort}`)
        .replaceAll(/server 127\.0\.0\.1:300\d/g, `server 127.0.0.1:${relayPort}`)
        .replaceAll("worker_processes auto", "worker_processes 1"),
    );
    nginx = spawn("nginx", ["-c", main, "-g", "daemon off;"], { stdio: "ignore" });
    await vi.waitFor(async () => expect((await ask("/")).status).toBe(200), { timeout: 5000, interval: 100 });
  });
  afterAll(() => {
    nginx?.kill("SIGTERM");
    relay?.closeAllConnections();
    relay?.close();
  });

  function ask(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
    return new Promise((resolve, reject) => {
      const ca = readFileSync(join(folder, "fullchain.pem"));
      const sent = request(
        {
          host: "127.0.0.1",
          port,
          path,
          headers: { host: "example.test", ...headers },
          servername: "example.test",
          ca,
          agent: false,
        },
        (response) => {
          let body = "";
          response.on("data", (data) => {
            body += data;
          });
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          );
        },
      );
      sent.once("error", reject);
      sent.end();
    });
  }

  const tls = (...args: string[]) => {
    const { stdout, stderr } = spawnSync("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, ...args], {
      input: "",
      encoding: "utf8",
    });
    return stdout + stderr;
  };

  test("nginx -t finds neither a fault nor anything to warn of", () => {
    const { status, stderr } = spawnSync("nginx", ["-t", "-c", join(folder, "etc/nginx/nginx.conf")], {
      encoding: "utf8",
    });
    expect(stderr).not.toContain("[warn]");
    expect([status, stderr.includes("test is successful")]).toEqual([0, true]);
  });

  test.for(["/", "/health", "/hls/demo/live.m3u8", "/hls/demo/1.m4s", "/stream/demo.ogg"])(
    "%s answers with the whole set of headers, once each",
    async (path) => {
      const { headers } = await ask(path);
      expect(headers["strict-transport-security"]).toBe("max-age=63072000; includeSubDomains; preload");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers.server).toBe("nginx");
    },
  );

  test("playlists are short-lived, segments are not, and both may be read from elsewhere", async () => {
    expect((await ask("/hls/demo/live.m3u8")).headers).toMatchObject({
      "cache-control": "max-age=1",
      "access-control-allow-origin": "*",
    });
    expect((await ask("/dash/demo/1.m4s")).headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
    });
  });

  test("TLS 1.2 and 1.3 are spoken, 1.1 is not; another name gets no certificate; nothing is stapled", () => {
    expect(tls("-servername", "example.test", "-tls1_3")).toContain("New, TLSv1.3");
    expect(tls("-servername", "example.test", "-tls1_2")).toContain("New, TLSv1.2");
    expect(tls("-servername", "example.test", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")).toMatch(
      /alert protocol version|no protocols available/,
    );
    expect(tls("-servername", "other.test")).toContain("no peer certificate available");
    expect(tls("-servername", "example.test", "-status")).toContain("no response sent");
    expect(tls("-servername", "example.test", "-alpn", "h2")).toContain("ALPN protocol: h2");
  });

  test("plain HTTP is sent to HTTPS, and answers no other name", async () => {
    const answer = await fetch(`http://127.0.0.1:${plainPort}/x`, { redirect: "manual" }).catch(
      () => undefined,
    );
    expect(answer).toBeUndefined();
    const { stdout } = spawnSync(
      "curl",
      ["-sI", "-H", "Host: example.test", `http://127.0.0.1:${plainPort}/x`],
      { encoding: "utf8" },
    );
    expect(stdout).toContain("Location: https://example.test/x");
  });

  test("what a worker is asked through nginx is for private addresses", async () => {
    const { body } = await ask("/upstream_health");
    expect(JSON.parse(body)).toMatchObject({
      upstream: "relay",
      servers: [{ ask: "/upstream_health/3000" }, { ask: "/upstream_health/3001" }],
    });
    expect((await ask("/upstream_health/3002")).status).toBe(404);
    const site = [...files()].find(([, text]) => text.includes("location = /upstream_health"))?.[1] ?? "";
    const location = /location = \/upstream_health \{([^}]*)\}/.exec(site)?.[1] ?? "";
    const access = location.match(/(allow|deny) [^;]+/g) ?? [];
    expect(access).toContain("allow 10.0.0.0/8");
    expect(access.at(-1)).toBe("deny all");
  });

  test("a reload keeps a connected WebSocket", async () => {
    const socket = await new Promise<import("node:stream").Duplex>((resolve, reject) => {
      const sent = request({
        host: "127.0.0.1",
        port,
        path: "/socket.io/",
        servername: "example.test",
        ca: readFileSync(join(folder, "fullchain.pem")),
        agent: false,
        headers: { host: "example.test", connection: "Upgrade", upgrade: "websocket" },
      });
      sent.once("upgrade", (_response, upgraded) => resolve(upgraded));
      sent.once("error", reject);
      sent.end();
    });
    let closed = false;
    socket.once("close", () => {
      closed = true;
    });
    const echo = (text: string) =>
      new Promise<string>((resolve) => {
        socket.once("data", (data) => resolve(String(data)));
        socket.write(text);
      });
    expect(await echo("before")).toBe("before");
    const master = readFileSync(join(folder, "nginx.pid"), "utf8").trim();
    const workers = () => execFileSync("pgrep", ["-P", master], { encoding: "utf8" }).split("\n");
    const before = workers();
    process.kill(Number(master), "SIGHUP");
    // The one that serves the socket stays until it closes; the new one has read the configuration.
    await expect.poll(() => workers().some((pid) => !before.includes(pid)), { timeout: 10_000 }).toBe(true);
    expect(await echo("after")).toBe("after");
    expect(closed).toBe(false);
    socket.destroy();
  });
});
