// The servers of an edge: what each path gets, and where it goes.
import type { Directive } from "../../templates/nginx/print.ts";

export interface SiteProps {
  readonly names: readonly string[];
  readonly certificate: { readonly chain: string; readonly key: string };
  /** Loopback ports of the relay's workers. */
  readonly ports: readonly number[];
  readonly ipv6: boolean;
}

/** One set for every answer: a location that adds any header must add all, or it drops these. */
const HEADERS: readonly Directive[] = [
  ["add_header", "Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload", "always"],
  ["add_header", "X-Content-Type-Options", "nosniff", "always"],
  ["add_header", "Referrer-Policy", "same-origin", "always"],
];
const CORS: Directive = ["add_header", "Access-Control-Allow-Origin", "*", "always"];
/** Seconds; Engine.IO pings every 25, and a stream sends all the time. */
const LONG = "120s";

export function upstream(ports: readonly number[]): Directive {
  return [
    "upstream",
    "relay",
    [
      // Only polling clients need to come back to the same worker; it costs the others nothing.
      ["hash", "$remote_addr", "consistent"],
      ...ports.map((port): Directive => ["server", `127.0.0.1:${port}`, "max_fails=2", "fail_timeout=5s"]),
      ["keepalive", 64],
    ],
  ];
}

export function servers({ names, certificate, ports, ipv6 }: SiteProps): Directive[] {
  const listen = (port: number, ...words: string[]): Directive[] => [
    ["listen", port, ...words],
    ...(ipv6 ? [["listen", `[::]:${port}`, ...words] as Directive] : []),
  ];
  return [
    // Whoever asks for a name that is not ours gets neither a certificate nor an answer.
    ["server", [...listen(443, "ssl", "default_server"), ["ssl_reject_handshake", "on"]]],
    ["server", [...listen(80, "default_server"), ["return", 444]]],
    ["server", [...listen(80), ["server_name", ...names], ["return", 301, "https://$host$request_uri"]]],
    [
      "server",
      [
        ...listen(443, "ssl", "http2"),
        ["server_name", ...names],
        ["ssl_certificate", certificate.chain],
        ["ssl_certificate_key", certificate.key],
        ...HEADERS,
        ...hidden,
        ["proxy_http_version", "1.1"],
        ["proxy_set_header", "Host", "$host"],
        ["proxy_set_header", "X-Real-IP", "$remote_addr"],
        ["proxy_set_header", "X-Forwarded-For", "$proxy_add_x_forwarded_for"],
        ["proxy_set_header", "X-Forwarded-Proto", "$scheme"],
        ["proxy_set_header", "Upgrade", "$http_upgrade"],
        ["proxy_set_header", "Connection", "$connection_upgrade"],
        ["limit_conn", "by_address", 400],
        ...locations(ports),
      ],
    ],
  ];
}

/** The relay sets these itself for whoever reaches it directly. */
const hidden: readonly Directive[] = [
  ["proxy_hide_header", "X-Content-Type-Options"],
  ["proxy_hide_header", "Referrer-Policy"],
];

function locations(ports: readonly number[]): Directive[] {
  const pass: Directive = ["proxy_pass", "http://relay"];
  const upgraded: readonly Directive[] = [
    ["limit_req", "zone=handshakes", "burst=240", "nodelay"],
    ["proxy_read_timeout", LONG],
    ["proxy_send_timeout", LONG],
    ["proxy_buffering", "off"],
    pass,
  ];
  return [
    ["location", "/", [pass]],
    ["location", "^~", "/socket.io/", upgraded],
    ["location", "^~", "/webrtc/", upgraded],
    ["location", "^~", "/stream/", [["proxy_buffering", "off"], ["proxy_read_timeout", LONG], pass]],
    [
      "location",
      "~",
      "^/(?:hls|dash)/.+\\.(?:m3u8|mpd)$",
      [
        ...HEADERS,
        CORS,
        ["add_header", "Cache-Control", "max-age=1", "always"],
        ["proxy_hide_header", "Cache-Control"],
        ...hidden,
        pass,
      ],
    ],
    [
      "location",
      "~",
      "^/(?:hls|dash)/.+\\.(?:m4s|mp4|ts|aac)$",
      [
        ...HEADERS,
        CORS,
        ["add_header", "Cache-Control", "public, max-age=31536000, immutable"],
        ["proxy_hide_header", "Cache-Control"],
        ...hidden,
        pass,
      ],
    ],
    ...["/health", "/health/live", "/health/ready"].map(
      (path): Directive => ["location", "=", path, [["access_log", "off"], pass]],
    ),
    [
      "location",
      "=",
      "/upstream_health",
      [
        ...PRIVATE,
        ["access_log", "off"],
        ["root", "/etc/nginx/soundstage"],
        ["default_type", "application/json"],
        ["try_files", "/upstream_health.json", "=404"],
      ],
    ],
    ["location", "^~", "/upstream_health/", [["return", 404]]],
    // nginx itself keeps no state that it would tell: each worker is asked through it.
    ...ports.map(
      (port): Directive => [
        "location",
        "=",
        `/upstream_health/${port}`,
        [...PRIVATE, ["access_log", "off"], ["proxy_pass", `http://127.0.0.1:${port}/health/ready`]],
      ],
    ),
  ];
}

const PRIVATE: readonly Directive[] = [
  ...["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7"].map(
    (range): Directive => ["allow", range],
  ),
  ["deny", "all"],
];
