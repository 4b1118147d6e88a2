import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What becomes of a request: it is passed on, or the server fails in one of these ways. */
export type Fate = "pass" | "fail" | "reset" | "cut" | "hang";

export interface FaultyProxy {
  readonly port: number;
  /** Decides about the requests from now on; `number` counts them from 0. */
  decide: (number: number, request: IncomingMessage) => Fate;
  /** How many requests had each fate. */
  readonly fates: Record<Fate, number>;
  stop(): Promise<void>;
}

/** A proxy on loopback that fails as it is told to: before a server of which nothing need be known. */
export async function startFaultyProxy(target: number): Promise<FaultyProxy> {
  const sockets = new Set<Socket>();
  let number = 0;
  const server = createServer((incoming, answer) => {
    const fate = proxy.decide(number++, incoming);
    proxy.fates[fate]++;
    if (fate === "reset") incoming.socket.resetAndDestroy();
    else if (fate === "fail") answer.writeHead(503, { "content-type": "application/xml" }).end(SLOW_DOWN);
    else if (fate !== "hang") passOn(incoming, answer, target, fate === "cut");
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new TypeError("the proxy has no port");
  const proxy: FaultyProxy = {
    port: address.port,
    decide: () => "pass",
    fates: { pass: 0, fail: 0, reset: 0, cut: 0, hang: 0 },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

const SLOW_DOWN = "<Error><Code>SlowDown</Code><Message>please reduce your rate</Message></Error>";

function passOn(incoming: IncomingMessage, answer: ServerResponse, port: number, isCut: boolean): void {
  const { method, url, headers } = incoming;
  const outgoing = request({ host: "127.0.0.1", port, method, path: url, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 500, response.headers);
    if (!isCut) {
      response.pipe(answer);
      return;
    }
    // An answer without a body, as to a write, breaks off too.
    response.on("end", () => incoming.socket.destroy());
    response.once("data", (bytes: Buffer) => {
      answer.write(bytes.subarray(0, bytes.length >> 1), () => incoming.socket.destroy());
    });
  });
  outgoing.on("error", () => incoming.socket.destroy());
  incoming.pipe(outgoing);
}
