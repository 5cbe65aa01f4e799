/** Databases that every server has, and what pgBackRest's file calls its general section. */
const TAKEN = ["global", "postgres", "template0", "template1"];

/** What is wrong with the name of a cluster, of its database and of its backups. */
export function databaseNameFault(name: string): string | undefined {
  return TAKEN.includes(name)
    ? `database name "${name}" is PostgreSQL's or pgBackRest's own, as ${TAKEN.join(", ")} are: choose another`
    : undefined;
}
