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

/** What the courier's page needs beside its own files. */
const BESIDE = ["/phone", "/icon.svg", "/phone-app.webmanifest", "/phone-icon-192.png"];

/**
 * The courier's page works without signal: its service worker keeps the files that are written
 * into it here. `VERSION` changes with any of them, so that phones hear of a new page.
 */
function worker(): Plugin {
  const source = (name: string): Buffer => readFileSync(join(import.meta.dirname, name));
  return {
    name: "worker",
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
      const files = [...BESIDE, ...[...names].sort().map((name) => `/${name}`)];
      const held = createHash("sha256").update(files.join());
      for (const one of ["phone.html", "public/icon.svg", "public/phone-app.webmanifest"]) {
        held.update(source(one));
      }
      this.emitFile({
        type: "asset",
        fileName: "phone-sw.js",
        source: source("src/phone/worker.js")
          .toString()
          .replace('"@version"', JSON.stringify(held.digest("hex").slice(0, 12)))
          .replace('"@files"', JSON.stringify(files)),
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
    // Couriers have cheap and old phones: Android 5 and later get this Chrome or a newer one.
    target: "chrome87",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_500,
    rollupOptions: { input: { console: "index.html", phone: "phone.html" } },
  },
  // `npm run dev` beside `buuta serve` on its usual port.
  server: { proxy: { "/api": "http://127.0.0.1:8450" } },
  plugins: [squeezed(), worker()],
});
