import { readFile } from "node:fs/promises";
import { LightsegError } from "../errors.ts";
import { notFound } from "./errors.ts";

/**
 * Reads a text file in UTF-8, without its byte order mark and with `\n` for every line end.
 *
 * @param argument what the file is, for errors, such as `list`
 * @param layout the expected files, shown as a hint when it is missing
 * @throws LightsegError NOT_FOUND when it cannot be read, INVALID_DATASET when it is not UTF-8
 */
export async function readText(file: string, argument: string, layout: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw notFound(file, argument, "must be a readable file", layout, cause);
  });
  const found = otherEncoding(bytes);
  if (found === undefined) return new TextDecoder().decode(bytes).replaceAll(/\r\n?/g, "\n");
  throw new LightsegError({
    code: "INVALID_DATASET",
    where: "open",
    file,
    argument,
    rule: "must be text in UTF-8",
    value: found,
    hint: "save it as UTF-8",
  });
}

/** The encoding that is not UTF-8; undefined for UTF-8. Western UTF-16 has zeros in every other byte. */
function otherEncoding(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return "UTF-16";
  const zero = bytes.indexOf(0);
  if (zero >= 0) return zero < 2 && bytes.length % 2 === 0 ? "UTF-16" : "bytes that are no text";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    return "another encoding, such as Latin-1";
  }
}
