import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readHttp } from "../../src/batch/http.ts";
import { failureOf } from "../support/errors.ts";
import { freePort } from "./servers.ts";

let server: Server;
let base = "";
const asked = new Map<string, number>();
const photo = Buffer.from("the bytes of a photo");

beforeAll(async () => {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new TypeError("the server has no port");
  base = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function answer({ url = "" }: IncomingMessage, response: ServerResponse): void {
  const path = url.split("?")[0] ?? "";
  const times = (asked.get(path) ?? 0) + 1;
  asked.set(path, times);
  const answers: Record<string, () => void> = {
    "/plain": () => response.end(photo),
    "/no-length": () => {
      response.write(photo.subarray(0, 5));
      response.end(photo.subarray(5));
    },
    "/text": () => response.writeHead(200, { "content-type": "text/plain" }).end(photo),
    "/gzip": () => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(photo)),
    "/moved": () => response.writeHead(302, { location: "/plain" }).end(),
    "/round": () => response.writeHead(302, { location: "/round" }).end(),
    "/file": () => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
    "/busy": () => (times < 2 ? response.writeHead(503).end() : response.end(photo)),
    "/crowded": () => response.writeHead(429, { "retry-after": times === 1 ? "3" : "9999" }).end(),
    "/cut": () => {
      response.writeHead(200, { "content-length": 100 });
      response.write(photo, () => response.destroy());
    },
    "/gone": () => response.writeHead(410).end("gone"),
    "/failing": () => response.writeHead(500).end("no"),
    "/large": () => response.writeHead(200, { "content-length": 3e8 }).end(),
    "/nothing": () => response.writeHead(204).end(),
  };
  (answers[path] ?? (() => response.writeHead(404).end()))();
}

it.each(["/plain", "/no-length", "/text", "/gzip", "/moved", "/busy"])("reads %s", async (path) => {
  expect(Buffer.from(await readHttp(`${base}${path}`))).toEqual(photo);
});

it("asks a server that is busy when it says, and not for ever", async () => {
  const pauses: number[] = [];
  const pause = async (milliseconds: number) => pauses.push(milliseconds);
  await expect(readHttp(`${base}/crowded`, undefined, pause)).rejects.toThrow("the server answers 429");
  expect(pauses).toEqual([3000, 60_000, 60_000, 60_000]);
});

it("stops in the middle of a pause", async () => {
  const stop = new AbortController();
  const reading = readHttp(`${base}/crowded`, stop.signal);
  await expect.poll(() => asked.get("/crowded")).toBe(6);
  stop.abort(new Error("enough"));
  await expect(reading).rejects.toThrow("enough");
});

it("gives no bytes where a server has none", async () => {
  expect(await readHttp(`${base}/nothing`)).toHaveLength(0);
});

it("says why it cannot fetch, with nothing of the signature, and asks again where that may help", async () => {
  const closed = `http://127.0.0.1:${await freePort()}`;
  const cases: [address: string, reason: RegExp, times: number][] = [
    [`${base}/none`, /the file cannot be fetched: the server answers 404$/, 1],
    [`${base}/gone`, /the server answers 410$/, 1],
    [`${base}/failing`, /the server answers 500$/, 3],
    [`${base}/cut`, /the request failed: UND_ERR_SOCKET$/, 3],
    [`${base}/round`, /the request failed: redirect count exceeded$/, 21],
    [`${base}/file`, /the request failed: URL scheme must be a HTTP/, 1],
    [`${base}/large`, /must have at most 256000000 bytes, got 300000000$/, 1],
    [`${closed}/a.jpg`, /the request failed: ECONNREFUSED$/, 0],
  ];
  await Promise.all(
    cases.map(async ([address, reason, times]) => {
      const { message } = await failureOf(readHttp(`${address}?X-Amz-Signature=geheim&size=2`));
      expect(message).toMatch(reason);
      expect(message).toContain(`${address}?size=2: the file `);
      expect(message).not.toContain("geheim");
      expect(asked.get(new URL(address).pathname) ?? 0).toBe(times);
    }),
  );
});
