import { LightsegError } from "../errors.ts";

/** Throws the error for weights that cannot be read; `where` is the file, `argument` the part of it at fault. */
export function refuseWeights(
  where: string,
  argument: string,
  rule: string,
  { value, hint }: { value?: unknown; hint?: string | undefined } = {},
): never {
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where,
    argument,
    rule,
    value,
    ...(hint !== undefined && { hint }),
  });
}

/** Text from a file for an error message: quoted, on one line, and cut where a forged file makes it long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** A tensor as error messages name it. */
export function tensorNamed(name: string): string {
  return `tensor ${quote(name)}`;
}
