import { relative } from "node:path";
import { buildRelease } from "./build.ts";

const { path, sha256, size, version } = await buildRelease();
console.log(`${relative(process.cwd(), path)}  ${version}  ${(size / 1e6).toFixed(2)} MB  sha256 ${sha256}`);
