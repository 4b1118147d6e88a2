import { LightsegError } from "../errors.ts";
import { publicAddress } from "./address.ts";
import { pause } from "./pause.ts";
import { checkFileBytes, MAX_FILE_BYTES } from "./storage.ts";

/** Milliseconds that a server has for one photo. */
const TIMEOUT = 60_000;
/** Milliseconds before each further try. */
const PAUSES = [500, 2000, 8000, 30_000];
/** Further tries where no answer says that they may help: lists have addresses of servers that are gone. */
const FEW_TRIES = 2;
/** Answers of servers that are busy. */
const BUSY = [429, 503];
/** Milliseconds that a server may ask to be left in peace, with `Retry-After`. */
const LONGEST_PAUSE = 60_000;

/**
 * Fetches a photo, in up to three tries. A busy server (429, 503) is asked up to five times within 40
 * seconds, or after the seconds of its `Retry-After`, at most 60 each.
 *
 * The error never holds the whole address, which may be a signed one.
 *
 * @param signal ends tries and pauses, with its reason
 * @param wait waits for some milliseconds; a test puts its own in place
 * @throws LightsegError NOT_FOUND if the server does not give the photo, INVALID_IMAGE if it has too many
 *   bytes
 */
export async function readHttp(
  url: string,
  signal?: AbortSignal,
  wait: (milliseconds: number) => Promise<unknown> = (milliseconds) => pause(milliseconds, signal),
): Promise<Uint8Array> {
  for (let tries = 0; ; tries++) {
    const answer = await fetchOnce(url, signal);
    if (answer instanceof Uint8Array) return answer;
    const least = PAUSES[tries];
    if (least === undefined || tries >= answer.tries) throw unavailable(url, answer.reason);
    await wait(Math.max(least, answer.pause ?? 0));
  }
}

interface Refusal {
  readonly reason: string;
  /** Further tries that may help. */
  readonly tries: number;
  /** Milliseconds that the server asks for before the next one. */
  readonly pause?: number;
}

async function fetchOnce(url: string, signal: AbortSignal | undefined): Promise<Uint8Array | Refusal> {
  try {
    const timeout = AbortSignal.timeout(TIMEOUT);
    const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    if (!response.ok) {
      await response.body?.cancel();
      const { status } = response;
      const few = status >= 500 || status === 408 ? FEW_TRIES : 0;
      const seconds = Number(response.headers.get("retry-after") ?? 0);
      const pause = Math.min(LONGEST_PAUSE, seconds > 0 ? 1000 * seconds : 0);
      const reason = `the server answers ${status}`;
      return { reason, tries: BUSY.includes(status) ? PAUSES.length : few, pause };
    }
    return await readBody(response, url);
  } catch (cause) {
    if (cause instanceof LightsegError) throw cause;
    signal?.throwIfAborted();
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
  const tries = FEW_TRIES;
  if (!(error instanceof Error)) return { reason: "the request failed", tries };
  if (error.name === "TimeoutError")
    return { reason: `the server takes more than ${TIMEOUT / 1000} s`, tries };
  const { cause } = error;
  if (!(cause instanceof Error)) return { reason: "the request failed", tries };
  return "code" in cause
    ? { reason: `the request failed: ${cause.code}`, tries }
    : { reason: `the request failed: ${cause.message}`, tries: 0 };
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
