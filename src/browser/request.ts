import { type ErrorCode, LightsegError, messageOf } from "../errors.ts";

/**
 * Fetches a file whose answer is just that: not an error, and not a page in its place, as servers of
 * single-page apps give.
 *
 * @throws LightsegError NOT_FOUND if the server does not have it, RUNTIME if there is no answer or the server
 *   fails (5xx); the signal's reason
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
    const { status, statusText } = response;
    const rule = `could not be fetched: the server answered ${status} ${statusText}`.trim();
    throw refusal(status < 500 ? "NOT_FOUND" : "RUNTIME", url, rule);
  }
  if (/^text\/html\b/i.test(response.headers.get("content-type") ?? "")) {
    void response.body?.cancel();
    throw refusal("NOT_FOUND", url, "is not on the server, which sent a web page in its place");
  }
  return response;
}

function refusal(code: ErrorCode, url: URL, rule: string): LightsegError {
  return new LightsegError({ code, where: "fetch", argument: url.href, rule });
}
