/*
 * The service worker of the courier's page: the page and its files come from the phone, so that it
 * opens without a signal. What the office answers (/api) is never kept here.
 *
 * FILES and VERSION are written in by the build; another version is another service worker.
 */
const VERSION = "@version";
const FILES = "@files";
const CACHE = `buuta-phone-${VERSION}`;
const PAGE = "/phone";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      // Past the browser's own cache: a page and files of two versions do not go together.
      .then((cache) => cache.addAll(FILES.map((one) => new Request(one, { cache: "reload" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((one) => one.startsWith("buuta-phone-") && one !== CACHE)
            .map((one) => caches.delete(one)),
        ),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const where = new URL(request.url);
  if (request.method !== "GET" || where.origin !== location.origin) return;
  const opened = request.mode === "navigate" && /^\/(phone|courier)(\/|$)/.test(where.pathname);
  const name = opened ? PAGE : where.pathname;
  if (!opened && !FILES.includes(name)) return;
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(name))
      .then((held) => held || fetch(request)),
  );
});
