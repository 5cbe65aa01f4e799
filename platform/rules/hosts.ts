// What must hold of hosts, each and between them.
import { ip, isHost, isPrivate } from "../address.ts";
import { type HostPart, read } from "../parts.ts";
import { rows, valueAt } from "../rows.ts";
import { type Rule, repeated } from "./rule.ts";

type Addressed = HostPart & { readonly field: "address" | "private"; readonly value: string };

/** Ids that a region's stack gives to its own parts, and one that every JavaScript object has. */
const TAKEN: readonly string[] = ["converge", "database", "backend", "constructor"];

const addressesOf = (hosts: readonly HostPart[]): Addressed[] =>
  hosts.flatMap((host) =>
    (["address", "private"] as const).flatMap((field) => {
      const value = host[field];
      return value === undefined ? [] : [{ ...host, field, value }];
    }),
  );

const hostDuplicate: Rule = {
  id: "host-duplicate",
  find: ({ hosts }) =>
    repeated(hosts, ({ name }) => name).map(([{ path, name }, first]) => ({
      path,
      key: true,
      message: `host "${name}" is in region "${first.region}" already: names are unique in a platform`,
    })),
};

const hostReserved: Rule = {
  id: "host-reserved",
  find: ({ hosts }) =>
    hosts
      .filter(({ name }) => TAKEN.includes(name))
      .map(({ path, name }) => ({
        path,
        key: true,
        message: `"${name}" is a name of Soundstage's own in every region: give the host another`,
      })),
};

const addressDuplicate: Rule = {
  id: "address-duplicate",
  find: ({ hosts }) =>
    repeated(addressesOf(hosts), ({ value }) => value)
      .filter(([{ name, region }, first]) => name !== first.name || region !== first.region)
      .map(([{ path, field, value }, first]) => ({
        path: [...path, field],
        message: `${value} is the ${first.field === "private" ? "private address" : "address"} of host "${first.name}" already`,
      })),
};

/** RFC 1918 §3 and RFC 4193 §3.1. */
const addressPrivate: Rule = {
  id: "address-private",
  find: ({ hosts }) =>
    hosts.flatMap(({ path, address, private: own }) => {
      if (own === undefined) return [];
      const at = [...path, "private"];
      if (!isPrivate(own))
        return [
          {
            path: at,
            message: `expected a private address (RFC 1918, RFC 4193), found ${own}: clusters would listen in public`,
          },
        ];
      return address === own
        ? [
            {
              path: at,
              message: `expected another address than the host is reached by, found ${own} for both`,
            },
          ]
        : [];
    }),
};

/** RFC 6890 §2.2. */
const addressHost: Rule = {
  id: "address-host",
  find: ({ hosts }) =>
    hosts
      .filter(({ address }) => address !== undefined && !isHost(address))
      .map(({ path, address }) => ({
        path: [...path, "address"],
        message: `expected the address of a host, found ${address}, which is loopback, link-local, multicast or reserved`,
      })),
};

const roleDuplicate: Rule = {
  id: "role-duplicate",
  find: ({ hosts }) =>
    hosts.flatMap(({ path, roles, rolesKnown }) =>
      rolesKnown
        ? repeated([...roles.entries()], ([, role]) => role).map(([[index, role]]) => ({
            path: [...path, "roles", index],
            message: `role ${role} stands here twice: give it once`,
          }))
        : [],
    ),
};

const portDuplicate: Rule = {
  id: "port-duplicate",
  find: ({ raw, hosts }) =>
    hosts.flatMap(({ path }) => {
      const ports = valueAt(raw, [...path, "ssh", "ports"]);
      return repeated(Array.isArray(ports) ? [...ports.entries()] : [], ([, port]) => String(port)).map(
        ([[index, port]]) => ({
          path: [...path, "ssh", "ports", index],
          message: `port ${port} stands here twice: give it once`,
        }),
      );
    }),
};

/** The way to a host can not lead over its own sshd; a router of one address may forward another port to it. */
const jumpItself: Rule = {
  id: "jump-itself",
  find: ({ raw, hosts }) =>
    hosts.flatMap(({ path, address, name }) => {
      const { jump, ports = [22] } = rows(valueAt(raw, [...path, "ssh"]));
      const hops = Array.isArray(jump)
        ? jump.map((hop, index) => [hop, [index]] as const)
        : [[jump, []] as const];
      return hops.flatMap(([hop, at]) => {
        const { address: passed, port = 22 } = rows(hop);
        if (address === undefined || read(ip, passed) !== address || ![ports].flat().includes(port))
          return [];
        const message = `${address} port ${port} is host "${name}" itself: expected another machine to reach it over, or no jump`;
        return [{ path: [...path, "ssh", "jump", ...at, "address"], message }];
      });
    }),
};

/** What listens on a host because of its role, and on which ports. */
const SERVICES: Readonly<Record<string, readonly (readonly [service: string, ...ports: number[]])[]>> = {
  edge: [["nginx", 80, 443]],
  database: [
    ["etcd", 2379, 2380],
    ["PostgreSQL", 5432],
    ["Patroni", 8008],
    ["HAProxy", 5000, 5001],
    ["pgBackRest", 8432],
  ],
  backup: [["pgBackRest", 8432]],
  cache: [["Redis", 6379]],
};
/** Port of a relay's first worker. */
const FIRST_WORKER = 3000;

/** sshd and a service can not both have a port: one of them would not start. */
const portTaken: Rule = {
  id: "port-taken",
  find: ({ raw, hosts }) => {
    const workers = Number(valueAt(raw, ["relay", "workers"]) ?? 1);
    return hosts.flatMap(({ path, roles }) => {
      const ports = valueAt(raw, [...path, "ssh", "ports"]);
      const takenBy = (port: unknown): string | undefined =>
        roles.includes("relay") && Number(port) >= FIRST_WORKER && Number(port) < FIRST_WORKER + workers
          ? "the relay"
          : roles
              .flatMap((role) => SERVICES[role] ?? [])
              .find(([, ...own]) => own.includes(Number(port)))?.[0];
      return (Array.isArray(ports) ? [...ports.entries()] : []).flatMap(([index, port]) => {
        const service = takenBy(port);
        return service === undefined
          ? []
          : [
              {
                path: [...path, "ssh", "ports", index],
                message: `port ${port} is ${service}'s on this host: give sshd another`,
              },
            ];
      });
    });
  },
};

/** PostgreSQL, "Managing Kernel Resources", wants vm.overcommit_memory 2; Redis, "Administration", wants 1. */
const rolesOvercommit: Rule = {
  id: "roles-overcommit",
  find: ({ hosts }) =>
    hosts
      .filter(({ roles }) => roles.includes("database") && roles.includes("cache"))
      .map(({ path, name }) => ({
        path: [...path, "roles"],
        message: `host "${name}" can not be database and cache: PostgreSQL and Redis want opposite vm.overcommit_memory settings`,
      })),
};

const edgeRelay: Rule = {
  id: "edge-relay",
  find: ({ hosts }) =>
    hosts
      .filter(({ roles, rolesKnown }) => rolesKnown && roles.includes("edge") && !roles.includes("relay"))
      .map(({ path, name }) => ({
        path: [...path, "roles"],
        message: `edge "${name}" has no relay: nginx passes to the relay of its own host, so give it both roles`,
      })),
};

export const hostRules: readonly Rule[] = [
  hostDuplicate,
  hostReserved,
  addressDuplicate,
  addressPrivate,
  addressHost,
  roleDuplicate,
  portDuplicate,
  portTaken,
  jumpItself,
  rolesOvercommit,
  edgeRelay,
];
