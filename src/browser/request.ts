import { LightsegError, messageOf } from "../errors.ts";

/**
 * Fetches a file whose answer is just that: not an error, and not a page in its place, as servers of
 * single-page apps give.
 *
 * @throws LightsegError NOT_FOUND if the server does not have it, RUNTIME if there is no answer; the signal's
 *   reason
 */
export async function request(url: URL, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    init.signal?.throwIfAborted();
    throw new LightsegError({
      code: "RUNTIME",
      where: "fetch",
      argument: url.href,
      rule: `could not be fetched: ${messageOf(cause)}`,
      hint: "is there a network, and does the server allow this page to read from it (CORS)?",
      cause,
    });
  }
  if (!response.ok) {
    void response.body?.cancel();
    throw missing(
      url,
      `could not be fetched: the server answered ${response.status} ${response.statusText}`.trim(),
    );
  }
  if (/^text\/html\b/i.test(response.headers.get("content-type") ?? "")) {
    void response.body?.cancel();
    throw missing(url, "is not on the server, which sent a web page in its place");
  }
  return response;
}

function missing(url: URL, rule: string): LightsegError {
  return new LightsegError({ code: "NOT_FOUND", where: "fetch", argument: url.href, rule });
}
