import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import S3rver from "@20minutes/s3rver";

/** Whether Debian's redis-server is installed; tests that need it are skipped visibly elsewhere. */
export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (typeof address !== "object" || address === null) throw new TypeError("the server has no port");
  return address.port;
}

export interface RedisServer {
  readonly url: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** Starts Redis on loopback. @param folder for its append-only file */
export async function startRedis(folder: string, port: number, password = ""): Promise<RedisServer> {
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--appendonly",
    "yes",
  ];
  const child = spawn("redis-server", [...args, ...(password ? ["--requirepass", password] : [])]);
  for await (const text of child.stdout ?? []) if (String(text).includes("Ready to accept")) break;
  child.stdout?.resume();
  return {
    url: `redis://${password ? `:${password}@` : ""}127.0.0.1:${port}`,
    process: child,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

export interface S3Server {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a server that speaks S3 on loopback, with one bucket, and points the SDK's environment at it.
 *
 * @param options.checksSignatures whether a wrong secret is refused; listings then are too
 */
export async function startS3(
  directory: string,
  bucket: string,
  { checksSignatures = false } = {},
): Promise<S3Server> {
  const port = await freePort();
  const server = new S3rver({
    ...{ port, address: "127.0.0.1", silent: true, directory },
    // It reckons the path of a listing without the slash that the SDK signs; unknown keys it refuses all
    // the same.
    allowMismatchedSignatures: !checksSignatures,
    configureBuckets: [{ name: bucket, configs: [] }],
  });
  await server.run();
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`;
  process.env.AWS_ACCESS_KEY_ID = "S3RVER";
  process.env.AWS_SECRET_ACCESS_KEY = "S3RVER";
  return {
    port,
    async stop() {
      await server.close();
      await wait(0);
    },
  };
}
