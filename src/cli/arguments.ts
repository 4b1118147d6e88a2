import { parseArgs } from "node:util";
import { didYouMean } from "../did-you-mean.ts";
import { LightsegError, messageOf } from "../errors.ts";
import type { Refusal } from "../value-types.ts";

/** One option of a verb: how it is typed, explained and read. */
export interface Option<T> {
  /** Without the dashes. */
  readonly name: string;
  /** Placeholder of its value in the help; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** What a value must be, for the error message. */
  readonly rule: string;
  /** Undefined for a text that breaks the rule. */
  readonly parse: (text: string) => T | undefined;
  /** Whether it may be typed more than once, for one value each: see `getAll`. */
  readonly repeatable?: boolean;
  /** All values, where these are few, or those that have a name. */
  readonly choices?: readonly string[] | undefined;
  /** Refuses values out of bounds. Defaults to taking all that `parse` gives. */
  readonly check?: (value: unknown) => Refusal | undefined;
}

/** A verb of the command line. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The arguments without dashes, and how many there may be. Defaults to none. */
  readonly operands?: { readonly name: string; readonly min: number; readonly max: number };
  readonly options: readonly Option<unknown>[];
  /** Paragraphs below the options in the help. */
  readonly notes?: readonly string[];
  readonly examples: readonly string[];
  /** @param print writes a line for people to standard output; silent with `--json` */
  run(args: Arguments, print: (text: string) => void): Promise<Outcome>;
}

export interface Outcome {
  /** The object that `--json` prints. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Defaults to 0. */
  readonly exitCode?: number;
}

/** What the user typed after the verb. */
export class Arguments {
  readonly operands: readonly string[];
  readonly #verb: string;
  readonly #texts: ReadonlyMap<string, readonly string[]>;

  constructor(verb: string, operands: readonly string[], texts: ReadonlyMap<string, readonly string[]>) {
    this.#verb = verb;
    this.operands = operands;
    this.#texts = texts;
  }

  has(option: Option<unknown>): boolean {
    return this.#texts.has(option.name);
  }

  /**
   * The value of an option, undefined if it was not typed.
   *
   * @throws LightsegError INVALID_ARGUMENT for a malformed value
   */
  get<T>(option: Option<T>): T | undefined {
    return this.getAll(option).at(-1);
  }

  /** The values of an option in the order in which they were typed. @throws LightsegError as `get` does */
  getAll<T>(option: Option<T>): T[] {
    return (this.#texts.get(option.name) ?? []).map((text) => this.#read(option, text));
  }

  #read<T>(option: Option<T>, text: string): T {
    const value = option.parse(text);
    if (value === undefined)
      throw this.usageError(`--${option.name}`, `must be ${option.rule}`, text, option.choices);
    const refusal = option.check?.(value);
    if (refusal) {
      const part = refusal.part.replace(".", ": ");
      throw this.usageError(`--${option.name}${part}`, refusal.rule, refusal.value);
    }
    return value;
  }

  /** @throws LightsegError INVALID_ARGUMENT if the option was not typed or has a malformed value */
  require<T>(option: Option<T>): T {
    const value = this.get(option);
    if (value === undefined) throw this.#missing(option);
    return value;
  }

  /** The values of an option, at least one. @throws LightsegError as `require` does */
  requireAll<T>(option: Option<T>): T[] {
    const values = this.getAll(option);
    if (values.length === 0) throw this.#missing(option);
    return values;
  }

  #missing({ name, value = "" }: Option<unknown>): LightsegError {
    return this.usageError(`--${name} ${value}`.trim(), "is required");
  }

  /** @param known values of which one may have been meant */
  usageError(argument: string, rule: string, value?: unknown, known: readonly string[] = []): LightsegError {
    return usageError(this.#verb, argument, rule, value, didYouMean(String(value), known));
  }
}

/**
 * @throws LightsegError INVALID_ARGUMENT for options that the verb does not have, or too few or many operands
 */
export function parseArguments(
  { name, options, operands = { name: "", min: 0, max: 0 } }: Command,
  argv: readonly string[],
): Arguments {
  const { values, positionals } = parseStrictly(name, options, argv);
  if (positionals.length < operands.min) throw usageError(name, operands.name, "is required");
  const surplus = positionals[operands.max];
  if (surplus !== undefined) throw usageError(name, JSON.stringify(surplus), "is one argument too many");
  // A switch has the value true, which its parser does not look at.
  const texts = new Map(
    Object.entries(values).map(([key, value]) => [key, [value ?? []].flat().map(String)]),
  );
  return new Arguments(name, positionals, texts);
}

function parseStrictly(verb: string, options: readonly Option<unknown>[], argv: readonly string[]) {
  const types = options.map(
    ({ name, value, repeatable = false }) =>
      [name, { type: value === undefined ? "boolean" : "string", multiple: repeatable } as const] as const,
  );
  try {
    return parseArgs({
      args: joinNumbers(argv),
      options: Object.fromEntries(types),
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    // "Unknown option '--x'. To specify a positional …": the first sentence says what is wrong.
    const [reason = ""] = messageOf(error).split(/\.?\s+(?:To|Did)\s/);
    // "ambiguous" is what it calls an option that is followed by another instead of a value.
    const rule = `are not valid: ${reason.replace("is ambiguous", "missing")}`;
    const [, unknown = ""] = /^Unknown option '(--[^']+)'/.exec(reason) ?? [];
    const meant = didYouMean(
      unknown,
      options.map(({ name }) => `--${name}`),
    );
    throw usageError(verb, "arguments", rule, undefined, meant);
  }
}

/** Makes `--epochs -1` one argument, so that the number is found wrong and not taken for an option. */
function joinNumbers(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (const text of argv) {
    const previous = joined.at(-1) ?? "";
    const isValue = /^-[\d.]/.test(text) && /^--[^=]+$/.test(previous);
    if (isValue) joined[joined.length - 1] = `${previous}=${text}`;
    else joined.push(text);
  }
  return joined;
}

/**
 * The error for a command that was typed wrongly: the program ends with exit code 2.
 *
 * @param meant what was probably meant, see `didYouMean`
 */
export function usageError(
  verb: string,
  argument: string,
  rule: string,
  value?: unknown,
  meant = "",
): LightsegError {
  const hint = `${meant} see ${`lightseg ${verb}`.trimEnd()} --help`.trimStart();
  return new LightsegError({ code: "INVALID_ARGUMENT", where: verb, argument, rule, value, hint });
}

/** The error for a verb that there is not. @param group the word before it, such as `batch`, or empty */
export function unknownVerb(
  group: string,
  word: string | undefined,
  known: readonly string[],
): LightsegError {
  return usageError(group, "verb", `must be one of ${known.join(", ")}`, word, didYouMean(word ?? "", known));
}
