// The operator's nginx settings: each known key has its place.

/** Settings of the `http` block, with their defaults. */
const HTTP: Readonly<Record<string, string>> = {
  client_body_timeout: "15s",
  client_header_timeout: "15s",
  client_max_body_size: "1m",
  keepalive_requests: "1000",
  keepalive_timeout: "65s",
  send_timeout: "15s",
};
const EVENTS: Readonly<Record<string, string>> = { worker_connections: "4096" };
const MAIN: Readonly<Record<string, string>> = { worker_processes: "auto", worker_shutdown_timeout: "4h" };

export interface Settings {
  readonly main: readonly (readonly [string, string])[];
  readonly events: readonly (readonly [string, string])[];
  readonly http: readonly (readonly [string, string])[];
}

export const SETTING_NAMES: readonly string[] = [
  ...Object.keys(MAIN),
  ...Object.keys(EVENTS),
  ...Object.keys(HTTP),
].sort();

/** @param given what the operator set, over the defaults */
export function placed(given: Readonly<Record<string, string | number | boolean>>): Settings {
  const fill = (defaults: Readonly<Record<string, string>>) =>
    Object.entries(defaults).map(([key, value]) => [key, key in given ? String(given[key]) : value] as const);
  return { main: fill(MAIN), events: fill(EVENTS), http: fill(HTTP) };
}

/** What is wrong with the operator's settings. */
export function settingFaults(given: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(given).flatMap(([key, value]) => {
    if (!SETTING_NAMES.includes(key))
      return [`nginx setting "${key}" is not known; known are ${SETTING_NAMES.join(", ")}`];
    if (key === "worker_connections" && !(Number(value) >= 64 && Number(value) <= 1_000_000))
      return [`nginx setting worker_connections ${value} must be 64 to 1000000`];
    if (/_timeout$/.test(key) && !/^\d+(ms|s|m|h)?$/.test(String(value)))
      return [`nginx setting ${key} "${value}" must be a time such as 65s`];
    if (/_size$/.test(key) && !/^\d+[kmg]?$/.test(String(value)))
      return [`nginx setting ${key} "${value}" must be a size such as 1m`];
    return [];
  });
}
