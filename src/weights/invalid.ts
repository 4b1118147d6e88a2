import { LightsegError } from "../errors.ts";

interface Reason {
  readonly value?: unknown;
  readonly hint?: string | undefined;
}

/** Throws the error for weights that cannot be read; `argument` is the part of the file at fault. */
export function refuseWeights(file: string, argument: string, rule: string, reason: Reason = {}): never {
  refuse({ where: "readWeights", file, argument, rule }, reason);
}

/** Throws the error for a tensor that cannot be written; `where` is the function that would write it. */
export function refuseToEncode(where: string, name: string, rule: string, reason: Reason = {}): never {
  refuse({ where, argument: tensorNamed(name), rule }, reason);
}

function refuse(
  fault: { where: string; file?: string; argument: string; rule: string },
  { value, hint }: Reason,
): never {
  throw new LightsegError({ code: "INVALID_WEIGHTS", ...fault, value, ...(hint !== undefined && { hint }) });
}

/** Text from a file for an error message: quoted, on one line, and cut where a forged file makes it long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** A tensor as error messages name it. */
export function tensorNamed(name: string): string {
  return `tensor ${quote(name)}`;
}
