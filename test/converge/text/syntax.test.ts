import { expect, test } from "vitest";
import { highlightOf } from "../../../converge/text/syntax.ts";

/** Keys in brackets, comments in braces. */
const marked = (path: string, line: string) =>
  highlightOf(path)?.(line)
    .map(({ text, tone }) => (tone === "key" ? `<${text}>` : tone === "comment" ? `{${text}}` : text))
    .join("");

test.for([
  ["/etc/nginx/nginx.conf", "    listen 443 ssl; # both", "    <listen> 443 ssl; {# both}"],
  ["/etc/nginx/nginx.conf", 'add_header X "a # b";', '<add_header> X "a # b";'],
  ["/etc/nginx/nginx.conf", "}", "}"],
  ["/etc/haproxy/haproxy.cfg", "  option httpchk OPTIONS /primary", "  <option> httpchk OPTIONS /primary"],
  ["/etc/redis/redis.conf", "maxmemory 64mb", "<maxmemory> 64mb"],
  ["/etc/systemd/system/relay.service", "[Service]", "<[Service]>"],
  ["/etc/systemd/system/relay.service", "ExecStart=/usr/bin/node a=b", "<ExecStart>=/usr/bin/node a=b"],
  ["/etc/systemd/system/relay.service", "; not yet", "{; not yet}"],
  ["/etc/sysctl.d/60-soundstage.conf", "net.core.rmem_max = 1", "<net.core.rmem_max >= 1"],
  ["/etc/patroni/config.yml", "  - host: 10.10.0.1:5432 # its own", "  <- host>: 10.10.0.1:5432 {# its own}"],
  ["/etc/patroni/config.yml", "name: it's # one", "<name>: it's {# one}"],
  ["/etc/patroni/config.yml", "url: http://a#b", "<url>: http://a#b"],
  ["/etc/thing.json", '  "a": "# b"', '  <"a">: "# b"'],
  ["/usr/local/sbin/gate.sh", "exit 1 # no", "exit 1 {# no}"],
])("%s: %s", ([path, line, expected]) => {
  expect(marked(path as string, line as string)).toBe(expected);
});

test("of what nothing is known nothing is marked", () => {
  expect(highlightOf("/srv/page")).toBeUndefined();
});
