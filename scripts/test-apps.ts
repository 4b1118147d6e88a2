/**
 * Installs the packed library in the apps of test/apps, builds them and opens them in Chromium, from the
 * development server and as built, on pages that are isolated and on others: `npm run test:apps [-- NAME]`,
 * after `npm run build`. Needs the npm registry.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBrowser } from "../test/browser/browser.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const apps = join(root, "test/apps");
const all = readdirSync(apps, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

const folder = mkdtempSync(join(tmpdir(), "lightseg-apps-"));
const npm = (args: readonly string[], cwd: string) =>
  execFileSync("npm", args, { cwd, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
const browser = await startBrowser();
let failures = 0;
try {
  npm(["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], root);
  for (const name of names) await testApp(name);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
process.exitCode = failures > 0 ? 1 : 0;

async function testApp(name: string): Promise<void> {
  const app = join(folder, name);
  cpSync(join(apps, name), app, { recursive: true });
  cpSync(join(apps, "run.js"), join(app, "run.js"));
  const manifest = JSON.parse(readFileSync(join(app, "package.json"), "utf8"));
  const [archive] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  manifest.dependencies.lightseg = `file:../${archive}`;
  writeFileSync(join(app, "package.json"), JSON.stringify(manifest));
  npm(["install", "--no-audit", "--no-fund", "--silent"], app);
  if (existsSync(join(app, "node_modules/onnxruntime-node")))
    throw new Error(`${name}: onnxruntime-node was installed for a web page`);
  const bundlers = Object.keys(manifest.dependencies).filter((dependency) => dependency !== "lightseg");
  const versions = bundlers.map((bundler) => `${bundler} ${versionOf(app, bundler)}`);
  console.log(`${name}: ${versions.join(", ")}`);

  if (manifest.scripts.dev) await withServer(app, "dev", 4300, () => open("dev", { port: 4300 }));
  npm(["run", "build", "--silent"], app);
  if (manifest.scripts.start) await withServer(app, "start", 4301, () => open("build", { port: 4301 }));
  else await open("build", { folder: join(app, "public") });
}

function versionOf(app: string, dependency: string): string {
  return JSON.parse(readFileSync(join(app, "node_modules", dependency, "package.json"), "utf8")).version;
}

/** Where a page comes from: a server of the app's, or a folder. */
type Origin = { readonly port: number } | { readonly folder: string };

/** Opens the app's page without and with isolation, and prints what it says. */
async function open(kind: string, origin: Origin): Promise<void> {
  for (const isolated of [false, true]) {
    const server = await serve(origin, isolated);
    const address = server.address();
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("requestfailed", (failed) => faults.push(`${failed.url()} ${failed.failure()?.errorText}`));
    try {
      await page.goto(`http://localhost:${typeof address === "object" ? address?.port : ""}/`);
      await page.waitForFunction("document.title !== 'loading' && document.title", undefined, {
        timeout: 180_000,
      });
    } catch (error) {
      faults.push(String(error));
    }
    const title = await page.title();
    const isRight = title === `labels: 1200, isolated: ${isolated}`;
    if (!isRight) failures++;
    console.log(`  ${isRight ? "ok" : "FAILED"} ${kind}, ${title}${isRight ? "" : `\n${faults.join("\n")}`}`);
    await page.close();
    server.close();
    server.closeAllConnections();
  }
}

/** Hands the app's files out, with the headers that isolate a page where they are asked for. */
function serve(origin: Origin, isolated: boolean): Promise<Server> {
  const headers = isolated ? isolation : {};
  const server = createServer((incoming, response) => {
    const path = incoming.url ?? "/";
    if ("port" in origin) {
      const options = { ...origin, path, method: incoming.method, headers: incoming.headers };
      options.headers.host = `localhost:${origin.port}`;
      const onward = request({ ...options, host: "localhost" }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...headers });
        answer.pipe(response);
      });
      onward.on("error", () => response.destroy());
      incoming.pipe(onward);
      return;
    }
    const { pathname } = new URL(path, "http://localhost");
    const file = join(origin.folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      ...headers,
    });
    response.end(readFileSync(file));
  });
  // Development servers talk to their pages by web sockets.
  server.on("upgrade", (incoming, socket) => {
    if (!("port" in origin)) return socket.destroy();
    const onward = connect(origin.port, "localhost", () => {
      const host = `localhost:${origin.port}`;
      const headers = Object.entries({ ...incoming.headers, host, origin: `http://${host}` });
      const lines = headers.map(([name, value]) => `${name}: ${value}`);
      onward.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on("error", () => [socket, onward].map((one) => one.destroy()));
  });
  return new Promise((resolve) => server.listen(0, "localhost", () => resolve(server)));
}

/** Runs a script of the app that serves it, for as long as something is done with it. */
async function withServer(
  app: string,
  script: string,
  port: number,
  use: () => Promise<void>,
): Promise<void> {
  // A group of its own, since npm does not hand the signal on.
  const child = spawn("npm", ["run", script], {
    cwd: app,
    detached: true,
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    await answering(port, child);
    await use();
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    await new Promise((resolve) =>
      child.exitCode === null ? child.once("exit", resolve) : resolve(undefined),
    );
  }
}

/** Waits until something answers on a port. */
async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 240; attempt++) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`http://localhost:${port}/`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`nothing answers on port ${port}`);
}
