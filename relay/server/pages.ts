// Pages and assets, read once and served from memory.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; " +
    "img-src 'self' data:; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; form-action 'self'",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

interface Page {
  readonly body: Buffer;
  readonly type: string;
  readonly tag: string;
  /** Its name holds a hash of its content. */
  readonly immutable: boolean;
}

export class Pages {
  readonly #pages = new Map<string, Page>();

  constructor(folder: string) {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const type = TYPES[extname(name)];
      if (!type) continue;
      const body = readFileSync(join(folder, name));
      const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 16)}"`;
      this.#pages.set(`/${name}`, { body, type, tag, immutable: /-[A-Z0-9]{8}\.\w+$/.test(name) });
    }
  }

  /** False where there is no such page. */
  serve(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const name = path === "/" ? "/index.html" : path === "/studio" ? "/studio.html" : path;
    const page = this.#pages.get(name);
    if (!page) return false;
    const headers = {
      ...SECURITY_HEADERS,
      "Content-Type": page.type,
      "Cache-Control": page.immutable ? "public, max-age=31536000, immutable" : "no-cache",
      ETag: page.tag,
    };
    if (request.headers["if-none-match"] === page.tag) response.writeHead(304, headers).end();
    else
      response
        .writeHead(200, { ...headers, "Content-Length": page.body.length })
        .end(request.method === "HEAD" ? undefined : page.body);
    return true;
  }
}
