// Writes platform.schema.json, with which editors complete and check the platform file.
import { writeFileSync } from "node:fs";
import { jsonSchema } from "../platform/json-schema.ts";

writeFileSync("platform.schema.json", jsonSchema());
console.log("platform.schema.json is written");
