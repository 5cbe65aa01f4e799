// Who runs this process, as others are told who wait for it.
import { hostname, userInfo } from "node:os";

export function owner(): string {
  return `${userName()}@${hostname()} pid ${process.pid} since ${new Date().toISOString()}`;
}

/** By the system, not by `USER`, which a service or a container does not set. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // An id without a name, as containers have them.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
