import { parse } from "yaml";
import { z } from "zod";
import { LightsegError, messageOf } from "../errors.ts";
import type { Color } from "../images/types.ts";
import { readText } from "./text-file.ts";

const byte = z.int("must be a whole number").min(0, "must be 0 to 255").max(255, "must be 0 to 255");
const color = z.union(
  [
    z
      .string()
      .regex(/^#[0-9a-f]{6}$/i)
      .transform((text): Color => {
        const channel = (at: number) => Number.parseInt(text.slice(at, at + 2), 16);
        return [channel(1), channel(3), channel(5)];
      }),
    z.tuple([byte, byte, byte]).readonly(),
  ],
  'must be "#rrggbb", in quotes, or [red, green, blue]',
);
const name = z.string("must be text").trim().min(1, "must not be empty");

/** A name alone stands for `{ name }`. */
const namedClass = z.preprocess(
  (entry) => (typeof entry === "string" ? { name: entry } : entry),
  z.strictObject(
    {
      name,
      /** Default: that of PASCAL VOC's color map for the class's place in the list. */
      color: color.optional(),
      /** The value in indexed masks; default: the class's place in the list. */
      value: byte.optional(),
    },
    wrongType("must be a name or { name, color, value }"),
  ),
);
const share = z.number("must be a number").gt(0, "must be between 0 and 1").lt(1, "must be between 0 and 1");

const common = {
  name: name.default("custom"),
  /** 1..255, in label order. */
  classes: z
    .array(namedClass, wrongType("must be a list of names or of { name, color, value }"))
    .min(1, "must list at least one class")
    .max(255, "must list at most 255 classes"),
  /** Where photos and masks lie in the data set's folder. */
  folders: z
    .strictObject({ images: name.default("images"), masks: name.default("masks") })
    .default({ images: "images", masks: "masks" }),
  /** The share of photos that go to `val` where neither lists nor folders split them. */
  val: share.default(0.1),
  /** Another seed gives another such split. */
  seed: z.int("must be a whole number").default(0),
};

/** Accepts one or several of something. */
function someOf<T extends z.ZodType>(one: T, message: string) {
  return z.union([z.array(one), one.transform((single) => [single])], message);
}

const settingsSchema = z.discriminatedUnion(
  "masks",
  [
    z.strictObject({
      ...common,
      /** Masks store the value of a class in each pixel. */
      masks: z.literal("indexed"),
      ignore: someOf(byte, "must be a mask value, 0 to 255, or a list of them").default([255]),
    }),
    z.strictObject({
      ...common,
      /** Masks store the color of a class in each pixel. */
      masks: z.literal("rgb"),
      ignore: someOf(color, 'must be a color, "#rrggbb" or [red, green, blue], or a list of them').default(
        [],
      ),
    }),
  ],
  "must be indexed or rgb",
);

/** What `dataset.yaml` says, with its defaults filled in. */
export type CustomSettings = z.infer<typeof settingsSchema>;

/**
 * Reads a `dataset.yaml`.
 *
 * @param layout the expected files, shown as a hint when it is missing
 * @throws LightsegError NOT_FOUND when it is missing; INVALID_DATASET, with the key, when it is malformed
 */
export async function readCustomSettings(file: string, layout: string): Promise<CustomSettings> {
  const text = await readText(file, "settings", layout);
  const content = parseYaml(text, file);
  if (!isMapping(content)) throw invalidSettings(file, "", "must hold keys, of which classes is needed");
  const result = settingsSchema.safeParse({ masks: "indexed", ...content });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalidSettings(file, keyOf(issue?.path ?? []), ruleOf(issue));
}

/** @param key e.g. `classes[2].color`; empty for the file as a whole */
export function invalidSettings(file: string, key: string, rule: string, hint?: string): LightsegError {
  const argument = key === "" ? "settings" : key;
  return new LightsegError({ code: "INVALID_DATASET", where: "open", file, argument, rule, hint });
}

function ruleOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === "unrecognized_keys") return `must not hold ${issue.keys.join(", ")}`;
  return issue?.message ?? "is not valid";
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text, { prettyErrors: true });
  } catch (cause) {
    // What follows the first line repeats the text in question.
    const [reason = ""] = messageOf(cause).split("\n");
    throw invalidSettings(file, "", `must be valid YAML: ${reason.replace(/:$/, "")}`);
  }
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keyOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, depth) => (typeof step === "number" ? `[${step}]` : `${depth > 0 ? "." : ""}${String(step)}`))
    .join("");
}

/** The message for a value of another kind; for faults within, zod's own says more. */
function wrongType(message: string) {
  return { error: (issue: { code?: string }) => (issue.code === "invalid_type" ? message : undefined) };
}
