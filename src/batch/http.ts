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

interface Refusal {
  readonly reason: string;
  /** Whether another try may help. */
  readonly again: boolean;
}

async function fetchOnce(url: string): Promise<Uint8Array | Refusal> {
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
    return reasonOf(cause);
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

/**
 * The system's error code. The message of `fetch` says only that it failed; its cause has one where the
 * request itself is at fault, as by redirects that never end, and asking again is useless.
 */
function reasonOf(error: unknown): Refusal {
  if (!(error instanceof Error)) return { reason: "the request failed", again: true };
  if (error.name === "TimeoutError")
    return { reason: `the server takes more than ${TIMEOUT / 1000} s`, again: true };
  const { cause } = error;
  if (!(cause instanceof Error)) return { reason: "the request failed", again: true };
  return "code" in cause
    ? { reason: `the request failed: ${cause.code}`, again: true }
    : { reason: `the request failed: ${cause.message}`, again: false };
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
