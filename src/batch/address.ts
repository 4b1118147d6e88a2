import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { LightsegError } from "../errors.ts";

/** A source of photos, or a target for results. */
export type Address =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "s3"; readonly bucket: string; readonly key: string }
  | { readonly kind: "http"; readonly url: string };

/**
 * Reads an address as it is typed or listed: a path, `s3://bucket/key` (the key as it is, not percent-
 * encoded) or http(s).
 *
 * @param base the folder that relative paths start from. Defaults to the working directory
 * @throws LightsegError INVALID_ARGUMENT for another scheme, a missing bucket, or a password in an address
 */
export function parseAddress(text: string, base = "."): Address {
  const [, scheme = ""] = /^([a-z][a-z0-9+.-]+):\/\//i.exec(text) ?? [];
  if (scheme === "") return { kind: "folder", path: resolve(base, text) };
  if (scheme.toLowerCase() === "s3") {
    const [, bucket = "", key = ""] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(text) ?? [];
    if (/^[a-z0-9][a-z0-9.-]+$/i.test(bucket)) return { kind: "s3", bucket, key };
    // User and password may be a key and a secret, and are not shown.
    throw invalid("must be s3://BUCKET/PREFIX", "credentials come from the environment");
  }
  if (!/^https?$/i.test(scheme)) throw invalid(`must be a path, s3:// or http(s)://, not ${scheme}://`);
  if (!URL.canParse(text)) throw invalid("must be a valid http(s) address");
  const url = new URL(text);
  if (url.username === "" && url.password === "") return { kind: "http", url: text };
  throw invalid("must not hold a password", "use a signed address, or copy the photo");
}

/** The address in the form that `parseAddress` reads, whole. */
export function formatAddress(address: Address): string {
  if (address.kind === "folder") return address.path;
  return address.kind === "s3" ? `s3://${address.bucket}/${address.key}` : address.url;
}

/** A key as that of a folder: `photos` does not stand for `photos-old`. The empty key is the whole bucket. */
export function folderKey(key: string): string {
  return key === "" || key.endsWith("/") ? key : `${key}/`;
}

const SECRET = /sig|token|secret|key|cred|password|auth|expires|^x-amz-|^x-goog-|^s[ervkpt][a-z]?$/i;

/** An address for tables, logs and errors: without the signature of a signed one. */
export function publicAddress(text: string): string {
  if (!/^https?:\/\//i.test(text)) return text;
  if (!URL.canParse(text)) return "an address that is not valid";
  const [plain = "", query] =
    text
      .replace(/^(https?:\/\/)[^/?#]*@/i, "$1")
      .split("#")[0]
      ?.split("?") ?? [];
  const kept = (query ?? "")
    .split("&")
    .filter((pair) => pair !== "" && !SECRET.test(decode(pair.split("=")[0] ?? "")));
  return kept.length > 0 ? `${plain}?${kept.join("&")}` : plain;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** File systems have 255 bytes for a name; an ending is added to it. */
const LONGEST_NAME = 200;

/**
 * The key below which the results of a photo lie: its id where every file system takes it, as `a/b c.jpg`.
 *
 * What would lead out of the folder or what some system refuses is percent-encoded, and `%` itself too, so
 * that no two ids share a key.
 */
export function keyOfId(id: string): string {
  return id
    .split("/")
    .map((name) => {
      if (/^\.*$/.test(name)) return name === "" ? "%" : name.replaceAll(".", "%2E");
      const escaped = name.replaceAll(/[%\\:?*"<>|\p{Cc}]/gu, (character) =>
        encodeURIComponent(character).replace("*", "%2A"),
      );
      if (Buffer.byteLength(escaped) <= LONGEST_NAME) return escaped;
      const start = Buffer.from(escaped)
        .subarray(0, LONGEST_NAME - 40)
        .toString("utf8")
        .replace(/\uFFFD$/, "");
      return `${start}%${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
    })
    .join("/");
}

function invalid(rule: string, hint?: string): LightsegError {
  return new LightsegError({
    code: "INVALID_ARGUMENT",
    where: "parseAddress",
    argument: "address",
    rule,
    hint,
  });
}
