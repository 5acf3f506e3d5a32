// Runs the phone's own logic for a test: one JSON line in, one out.
// node phone_logic.mjs FOLDER_OF_SCREENS

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const web = process.argv[2];
const typescript = createRequire(join(web, "package.json"))("typescript");
const folder = mkdtempSync(join(tmpdir(), "buuta-logic-"));
const known = {};
for (const name of ["model", "outbox", "round"]) {
  const source = readFileSync(join(web, "src", "phone", `${name}.ts`), "utf8");
  const { outputText } = typescript.transpileModule(source, {
    compilerOptions: { module: "ESNext", target: "ES2022", verbatimModuleSyntax: true },
  });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, outputText.replace(/from "\.\/(\w+)"/g, 'from "./$1.mjs"'));
}
for (const name of ["model", "outbox", "round"]) {
  Object.assign(known, await import(pathToFileURL(join(folder, `${name}.mjs`)).href));
}

rmSync(folder, { recursive: true });

/** JSON knows no maps: they go as lists of pairs, and come as such where a state is wanted. */
const out = (value) => (value instanceof Map ? { map: [...value] } : value);
const take = (value) => (value && value.map && !Array.isArray(value) ? new Map(value.map) : value);

for await (const line of createInterface({ input: process.stdin })) {
  const { name, given } = JSON.parse(line);
  try {
    const answer = out(known[name](...given.map(take)));
    process.stdout.write(`${JSON.stringify({ answer: answer === undefined ? null : answer })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
