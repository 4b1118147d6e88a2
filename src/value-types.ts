/** Types of option values. Command line, library and configuration files check values by the same ones. */

/** A value that breaks its type's rule. */
export interface Refusal {
  /** The part at fault, such as `.power`; empty where it is the whole value. */
  readonly part: string;
  /** What must hold, such as `must be at most 4096`. */
  readonly rule: string;
  /** What was found instead. */
  readonly value: unknown;
}

export interface ValueType<T> {
  /** Stands for the value in the help, such as `N`; absent for a switch, which is typed without a value. */
  readonly placeholder?: string;
  /** What a value must be, such as `a whole number of at least 1`. */
  readonly rule: string;
  /** All values, where these are few, or those that have a name. */
  readonly choices?: readonly string[];
  /** Reads a typed text; undefined for a text of another form. The value may still be out of bounds. */
  read(text: string): T | undefined;
  /** The text that `read` would take for a value. */
  show(value: T): string;
  /** Undefined for a value of the type within its bounds. */
  check(value: unknown): Refusal | undefined;
}

/** Bounds of a number; `above` itself is out of bounds, `min` and `max` are not. */
export interface Bounds {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
}

export function integerType(bounds: Bounds, placeholder = "N"): ValueType<number> {
  const rule = `a whole number ${describeBounds(bounds)}`;
  const check = numberCheck(rule, bounds, Number.isSafeInteger);
  const read = (text: string) => (/^-?\d+$/.test(text) ? readNumber(text) : undefined);
  return { placeholder, rule, read, show: String, check };
}

export function realType(bounds: Bounds, placeholder = "X"): ValueType<number> {
  const rule = `a number ${describeBounds(bounds)}`;
  return {
    placeholder,
    rule,
    read: readNumber,
    show: String,
    check: numberCheck(rule, bounds, Number.isFinite),
  };
}

export function textType(placeholder: string): ValueType<string> {
  const rule = "a text that is not empty";
  return {
    placeholder,
    rule,
    read: (text) => text || undefined,
    show: String,
    check: (value) =>
      typeof value === "string" && value !== "" ? undefined : refuse(`must be ${rule}`, value),
  };
}

/** Texts, typed with commas between them; an empty text is none. */
export function listType(placeholder: string): ValueType<readonly string[]> {
  const rule = "texts that are not empty, with commas between them";
  return {
    placeholder,
    rule,
    read: (text) => (text === "" ? [] : text.split(",").map((item) => item.trim())),
    show: (list) => list.join(","),
    check: (value) =>
      Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "")
        ? undefined
        : refuse(`must be ${rule}`, value),
  };
}

export function choiceType<const T extends string>(
  choices: readonly T[],
  placeholder = "NAME",
): ValueType<T> {
  const rule = choices.length === 1 ? String(choices[0]) : `one of ${choices.join(", ")}`;
  return {
    placeholder,
    rule,
    choices,
    read: (text) => choices.find((known) => known === text),
    show: String,
    check: (value) =>
      choices.some((known) => known === value) ? undefined : refuse(`must be ${rule}`, value),
  };
}

/** On or off. */
export const switchType: ValueType<boolean> = {
  rule: "true or false",
  read: () => true,
  show: String,
  check: (value) => (typeof value === "boolean" ? undefined : refuse("must be true or false", value)),
};

/** A size as `[height, width]`, typed as `256x320`, at most `max` pixels each. */
export function sizeType(max: number): ValueType<[height: number, width: number]> {
  const rule = `height x width in pixels, each 1 to ${max}, such as 256x320`;
  return {
    placeholder: "HxW",
    rule,
    read(text) {
      const [height, width] = (/^(\d+)x(\d+)$/.exec(text) ?? []).slice(1).map(Number);
      return height === undefined || width === undefined ? undefined : [height, width];
    },
    show: (sides) => sides.join("x"),
    check: pairCheck(rule, integerType({ min: 1, max })),
  };
}

/** A range as `[min, max]`, both greater than 0, typed as `0.5,2`. */
export const rangeType: ValueType<[min: number, max: number]> = {
  placeholder: "MIN,MAX",
  rule: "two factors greater than 0, the smaller first, such as 0.5,2",
  read(text) {
    const [min, max, ...more] = text.split(",").map(readNumber);
    return min === undefined || max === undefined || more.length > 0 ? undefined : [min, max];
  },
  show: (range) => range.join(","),
  check(value) {
    const refusal = pairCheck(rangeType.rule, realType({ above: 0 }))(value);
    if (refusal || !Array.isArray(value) || value[0] <= value[1]) return refusal;
    return refuse("must have the smaller number first", value);
  },
};

/** A decimal number; undefined for anything else, hexadecimal and `Infinity` among it. */
export function readNumber(text: string): number | undefined {
  // + 0 makes the -0 of "-0" a plain 0.
  return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) + 0 : undefined;
}

/** The refusal of a whole value. */
export function refuse(rule: string, value: unknown): Refusal {
  return { part: "", rule, value };
}

function describeBounds({ min, above, max }: Bounds): string {
  if (above !== undefined) return `greater than ${above}${max === undefined ? "" : ` and at most ${max}`}`;
  if (min === undefined) return max === undefined ? "" : `of at most ${max}`;
  return max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
}

function numberCheck(rule: string, { min, above, max }: Bounds, isOfKind: (value: number) => boolean) {
  return (value: unknown): Refusal | undefined => {
    if (typeof value !== "number" || !isOfKind(value)) return refuse(`must be ${rule}`, value);
    if (min !== undefined && value < min) return refuse(`must be at least ${min}`, value);
    if (above !== undefined && value <= above) return refuse(`must be greater than ${above}`, value);
    return max !== undefined && value > max ? refuse(`must be at most ${max}`, value) : undefined;
  };
}

function pairCheck(rule: string, type: ValueType<number>) {
  return (value: unknown): Refusal | undefined =>
    Array.isArray(value) && value.length === 2
      ? value.map(type.check).find((refusal) => refusal !== undefined)
      : refuse(`must be ${rule}`, value);
}
