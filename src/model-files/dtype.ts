import { checkChoice, invalidArgument } from "../check.ts";

/** Element types that a network can be computed in. */
export const dtypes = ["fp32", "fp16", "int8"] as const;

/** The element type that a network is computed in. */
export type Dtype = (typeof dtypes)[number];

/** `auto` picks int8 where the model comes in it, the fastest on CPUs, and fp32 elsewhere. */
export const dtypeChoices = ["auto", ...dtypes] as const;

/** A dtype, or `auto`: the fastest one that the model and the device have. */
export type DtypeChoice = (typeof dtypeChoices)[number];

/** `exact` picks fp32, and int8 only for a model that comes in nothing else: what is measured by default. */
export type DtypeRequest = DtypeChoice | "exact";

/** The forms of a model: float weights, which run in fp32 and fp16; quantized to int8; or both. */
export interface ModelForms {
  readonly float: boolean;
  readonly int8: boolean;
}

/** The forms of a model of one file. */
export const FLOAT_ONLY: ModelForms = { float: true, int8: false };
export const INT8_ONLY: ModelForms = { float: false, int8: true };

/**
 * The element type that a model is computed in: the one rule for Node, browsers and the command line.
 *
 * @param name of the model, for the message
 * @param where the function that was called, for the message
 * @throws LightsegError INVALID_ARGUMENT for a dtype that the model does not come in
 */
export function resolveDtype(
  choice: DtypeRequest,
  { float, int8 }: ModelForms,
  name: string,
  where = "loadModel",
): Dtype {
  const refuse = (rule: string, hint: string) => invalidArgument(where, "dtype", rule, undefined, hint);
  checkChoice(choice, [...dtypeChoices, "exact"], where, "dtype");
  if (choice === "auto") return int8 ? "int8" : "fp32";
  if (choice === "exact") return float ? "fp32" : "int8";
  if (choice === "int8" && !int8)
    throw refuse(
      `must not be int8 for ${name}, which is not quantized`,
      "lightseg quantize writes a model in int8",
    );
  if (choice !== "int8" && !float)
    throw refuse(`must be int8 for ${name}, which is quantized`, "take the model that it was made from");
  return choice;
}
