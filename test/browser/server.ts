import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".jpg": "image/jpeg",
};

/** What a server may do to the files below `/faulty/FAULT/`. */
export type Fault = "404" | "page" | "cut" | "changed" | "lost" | "changed-once";

export interface TestServer {
  readonly origin: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Whether pages may share memory between threads. */
  isolated: boolean;
  /** What pages of other origins may do with the files: read them, or only show them. Defaults to neither. */
  others?: "read" | "show";
  /** What is served beside the repository, by path. */
  files?: ReadonlyMap<string, Uint8Array>;
}

/** Serves the repository. */
export async function startServer({ isolated, files, others }: ServerOptions): Promise<TestServer> {
  const requests: string[] = [];
  const spoiled = new Set<string>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    requests.push(pathname);
    answer(pathname, { response, isolated, files, others, spoiled }).catch(() =>
      response.writeHead(404).end(),
    );
  });
  const port = await listen(server);
  return {
    origin: `http://localhost:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  readonly response: ServerResponse;
  readonly isolated: boolean;
  readonly files: ServerOptions["files"];
  readonly others: ServerOptions["others"];
  /** What was already sent in a changed form. */
  readonly spoiled: Set<string>;
}

async function answer(
  pathname: string,
  { response, isolated, files, others, spoiled }: Exchange,
): Promise<void> {
  const [, fault, inner] = /^\/faulty\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
  const path = join(root, normalize(inner ?? pathname));
  const bytes = Buffer.from(files?.get(pathname) ?? (await readFile(path)));
  response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream");
  response.setHeader("cache-control", fault ? "no-store" : "max-age=3600");
  if (others) response.setHeader("cross-origin-resource-policy", "cross-origin");
  if (others === "read") response.setHeader("access-control-allow-origin", "*");
  if (isolated) {
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
  }
  if (fault && !path.endsWith(".json")) return spoil(fault, { bytes, response, pathname, spoiled });
  response.end(bytes);
}

function spoil(
  fault: string,
  {
    bytes,
    response,
    pathname,
    spoiled,
  }: { bytes: Buffer; pathname: string } & Pick<Exchange, "response" | "spoiled">,
): void {
  const half = bytes.subarray(0, bytes.length >> 1);
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  if (fault === "404") response.writeHead(404).end();
  else if (fault === "page")
    response.setHeader("content-type", "text/html").end("<!doctype html><title>App</title>");
  else if (fault === "cut") response.end(half);
  else if (fault === "changed") response.end(changed);
  else if (fault === "changed-once") {
    response.end(spoiled.has(pathname) ? bytes : changed);
    spoiled.add(pathname);
  } else {
    response.setHeader("content-length", bytes.length);
    response.write(half, () => response.destroy());
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "localhost", () => {
      const address = server.address();
      if (address && typeof address === "object") resolve(address.port);
    });
  });
}
