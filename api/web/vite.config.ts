import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Where the built pages go; the package's own build may name another place. */
const out = process.env.BUUTA_SCREENS_OUT ?? "../static";
const SQUEEZED = new Set([".html", ".js", ".mjs", ".css", ".svg", ".json", ".webmanifest"]);

/** Write each text file once more as .br and .gz: they are squeezed once, not at each request. */
function squeezed(): Plugin {
  let folder = "";
  return {
    name: "squeezed",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const walk = (at: string): string[] =>
        readdirSync(at).flatMap((name) => {
          const path = join(at, name);
          return statSync(path).isDirectory() ? walk(path) : [path];
        });
      for (const path of walk(folder).filter((one) => SQUEEZED.has(extname(one)))) {
        const held = readFileSync(path);
        if (held.length < 1_000) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: 10 };
        writeFileSync(`${path}.br`, brotliCompressSync(held, { params }));
        writeFileSync(`${path}.gz`, gzipSync(held, { level: 9 }));
      }
    },
  };
}

/**
 * The courier's page works without signal: its service worker (public/phone-sw.js) keeps the files
 * that this list names. `version` changes with any of them.
 */
function listed(): Plugin {
  return {
    name: "listed",
    apply: "build",
    generateBundle(_, bundle) {
      const names = new Set<string>();
      const add = (name: string): void => {
        const chunk = bundle[name];
        if (names.has(name) || chunk === undefined) return;
        names.add(name);
        if (chunk.type !== "chunk") return;
        for (const next of [...chunk.imports, ...chunk.dynamicImports]) add(next);
        for (const css of chunk.viteMetadata?.importedCss ?? []) add(css);
        for (const asset of chunk.viteMetadata?.importedAssets ?? []) add(asset);
      };
      for (const one of Object.values(bundle)) {
        if (one.type === "chunk" && one.isEntry && one.name === "phone") add(one.fileName);
      }
      const files = [...names].sort().map((name) => `/${name}`);
      const version = createHash("sha256").update(files.join()).digest("hex").slice(0, 12);
      this.emitFile({
        type: "asset",
        fileName: "phone-files.json",
        source: JSON.stringify({ version, files }),
      });
    },
  };
}

export default defineConfig({
  base: "/",
  appType: "mpa",
  build: {
    outDir: out,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_500,
    rollupOptions: { input: { console: "index.html", phone: "phone.html" } },
  },
  // `npm run dev` beside `buuta serve` on its usual port.
  server: { proxy: { "/api": "http://127.0.0.1:8450" } },
  plugins: [squeezed(), listed()],
});
