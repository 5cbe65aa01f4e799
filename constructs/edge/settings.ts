// The operator's nginx settings: each known key has its place, its default and its form.

type Value = string | number | boolean;
type Values = Readonly<Record<string, Value>>;

interface Form {
  readonly expected: string;
  readonly fits: (value: string) => boolean;
}

interface Setting {
  readonly block: "main" | "events" | "http";
  readonly initial: string;
  readonly form: Form;
}

/** What nginx reads: decimal digits alone (`ngx_atoi`). */
function count(least: number, most: number): Form {
  return {
    expected: `a whole number from ${least} to ${most}`,
    fits: (value) => /^\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most,
  };
}

function measured(expected: string, units: Readonly<Record<string, number>>, most: number): Form {
  const form = new RegExp(`^(\\d{1,15})(${Object.keys(units).join("|")})$`);
  return {
    expected,
    fits: (value) => {
      const [, digits, unit = ""] = form.exec(value) ?? [];
      return digits !== undefined && Number(digits) * (units[unit] as number) <= most;
    },
  };
}

const time = measured(
  "a time such as 65s, of 365 days at most",
  { ms: 1, s: 1000, m: 60_000, h: 3_600_000, "": 1000 },
  365 * 24 * 3_600_000,
);
const size = measured(
  "a size such as 1m, of 1024g at most",
  { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, "": 1 },
  2 ** 40,
);
/** nginx starts no more (NGX_MAX_PROCESSES). */
const processes = count(1, 1024);

const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  [
    "worker_processes",
    {
      block: "main",
      initial: "auto",
      form: {
        expected: `auto, or ${processes.expected}`,
        fits: (value) => value === "auto" || processes.fits(value),
      },
    },
  ],
  ["worker_shutdown_timeout", { block: "main", initial: "4h", form: time }],
  ["worker_connections", { block: "events", initial: "4096", form: count(64, 1_000_000) }],
  ["client_body_timeout", { block: "http", initial: "15s", form: time }],
  ["client_header_timeout", { block: "http", initial: "15s", form: time }],
  ["client_max_body_size", { block: "http", initial: "1m", form: size }],
  ["keepalive_requests", { block: "http", initial: "1000", form: count(1, 1_000_000_000) }],
  ["keepalive_timeout", { block: "http", initial: "65s", form: time }],
  ["send_timeout", { block: "http", initial: "15s", form: time }],
]);

export const SETTING_NAMES: readonly string[] = [...SETTINGS.keys()].sort();

export type Settings = Readonly<Record<Setting["block"], readonly (readonly [string, string])[]>>;

/** @param given what the operator set, over the defaults */
export function placed(given: Values): Settings {
  const fill = (wanted: Setting["block"]) =>
    [...SETTINGS]
      .filter(([, { block }]) => block === wanted)
      .map(([key, { initial }]) => [key, Object.hasOwn(given, key) ? String(given[key]) : initial] as const);
  return { main: fill("main"), events: fill("events"), http: fill("http") };
}

/** What is wrong with one of the operator's settings. */
export function settingFault(key: string, value: Value): string | undefined {
  const setting = SETTINGS.get(key);
  if (!setting)
    return `nginx setting ${JSON.stringify(key)} is not known; known are ${SETTING_NAMES.join(", ")}`;
  const { expected, fits } = setting.form;
  return fits(String(value))
    ? undefined
    : `nginx setting ${key} must be ${expected}, found ${JSON.stringify(String(value))}`;
}
