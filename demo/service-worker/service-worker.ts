/**
 * Lets the page work without a network, and with threads on hosts that send no headers for them.
 *
 * What the page is made of and its example photos are kept when it is first visited, other files of the site
 * when they are fetched. The network comes first, so that a new version is seen at once. Models are not kept
 * here, since the library keeps those that are used; but for the one that teaching begins with, which may
 * first be used offline.
 */
declare const self: ServiceWorkerGlobalScope;
/** Written in by the build: the files that the page is made of. */
declare const PAGE_FILES: readonly string[];
/** Written in by the build: all files of the site that it has made. */
declare const SITE_FILES: readonly string[];

const CACHE_NAME = "lightseg-demo";
const MODEL = /\/(?!mobilenet-v2-imagenet)[^/]*\.(safetensors|onnx)$/;

self.addEventListener("install", (event) => {
  event.waitUntil(keepPage());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), dropOldFiles()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || MODEL.test(url.pathname)) return;
  event.respondWith(answer(event));
});

async function keepPage(): Promise<void> {
  const cache = await caches.open(CACHE_NAME);
  await cache.addAll(PAGE_FILES);
  await self.skipWaiting();
}

/** What earlier versions were made of: names of assets hold a hash of what is in them. */
async function dropOldFiles(): Promise<void> {
  const cache = await caches.open(CACHE_NAME);
  const assets = new URL("assets/", location.href).href;
  const isOld = ({ url }: Request) =>
    url.startsWith(assets) && !SITE_FILES.includes(`assets/${url.slice(assets.length)}`);
  const old = (await cache.keys()).filter(isOld);
  await Promise.all(old.map((request) => cache.delete(request)));
}

async function answer(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const cache = await caches.open(CACHE_NAME);
  try {
    const response = await fetch(request);
    // A disk that is full does no harm to what was fetched.
    if (response.ok) event.waitUntil(cache.put(request, response.clone()).catch(() => undefined));
    return isolate(response);
  } catch (error) {
    // Servers that compress say that answers vary; what is kept is the same file all the same.
    const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return isolate(kept);
    throw error;
  }
}

/** The same with the headers that let a page share memory between threads. */
function isolate(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
