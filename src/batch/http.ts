import { setTimeout as wait } from "node:timers/promises";
import { LightsegError } from "../errors.ts";
import { publicAddress } from "./address.ts";
import { checkFileBytes, MAX_FILE_BYTES } from "./storage.ts";

/** Milliseconds that a server has for one photo. */
const TIMEOUT = 60_000;
/** Milliseconds before the second and the third try. */
const PAUSES = [500, 2000];

/**
 * Fetches a photo. Servers that fail or are busy are asked three times.
 *
 * The error never holds the whole address, which may be a signed one.
 *
 * @throws LightsegError NOT_FOUND if the server does not give the photo, INVALID_IMAGE if it has too many
 *   bytes
 */
export async function readHttp(url: string): Promise<Uint8Array> {
  for (const pause of PAUSES) {
    const answer = await fetchOnce(url);
    if (answer instanceof Uint8Array) return answer;
    if (!answer.again) throw unavailable(url, answer.reason);
    await wait(pause);
  }
  const answer = await fetchOnce(url);
  if (answer instanceof Uint8Array) return answer;
  throw unavailable(url, answer.reason);
}

async function fetchOnce(url: string): Promise<Uint8Array | { reason: string; again: boolean }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) {
      await response.body?.cancel();
      const again = response.status >= 500 || response.status === 429 || response.status === 408;
      return { reason: `the server answers ${response.status}`, again };
    }
    return await readBody(response, url);
  } catch (cause) {
    if (cause instanceof LightsegError) throw cause;
    return { reason: reasonOf(cause), again: true };
  }
}

/** Reads in pieces, since the length that a server claims may be false. */
async function readBody(response: Response, url: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  checkFileBytes(Number(response.headers.get("content-length") ?? 0), publicAddress(url));
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_FILE_BYTES) checkFileBytes(bytes, publicAddress(url));
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The system's error code. The message of `fetch` says only that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "the request failed";
  if (error.name === "TimeoutError") return `the server takes more than ${TIMEOUT / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && "code" in cause
    ? `the request failed: ${cause.code}`
    : "the request failed";
}

function unavailable(url: string, reason: string): LightsegError {
  return new LightsegError({
    code: "NOT_FOUND",
    where: "readHttp",
    file: publicAddress(url),
    argument: "the file",
    rule: `cannot be fetched: ${reason}`,
  });
}
