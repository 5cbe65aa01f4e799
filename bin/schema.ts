// Writes platform.schema.json, with which editors complete and check the platform file, and the page of its keys.
import { writeFileSync } from "node:fs";
import { jsonSchema } from "../platform/json-schema.ts";
import { reference } from "../platform/reference.ts";

writeFileSync("platform.schema.json", jsonSchema());
writeFileSync("docs/platform-keys.md", reference());
console.log("platform.schema.json and docs/platform-keys.md are written");
