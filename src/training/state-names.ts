/**
 * Names of what a training step reads and writes besides `image`, `target` and `loss`.
 *
 * Parameters have their official names. State that belongs to a parameter is named `<kind>:<parameter>`;
 * checkpoints hold it by these names.
 */

/** What optimizers remember of a parameter. */
export type MemoryKind = "velocity" | "firstMoment" | "secondMoment";
const memoryKinds: readonly string[] = ["velocity", "firstMoment", "secondMoment"] satisfies MemoryKind[];

const COPY = "copy:";

export function memoryName(kind: MemoryKind, parameter: string): string {
  return `${kind}:${parameter}`;
}

/** Whether a name is that of an optimizer's memory. */
export function isMemory(name: string): boolean {
  const [kind = "", ...rest] = name.split(":");
  return rest.length > 0 && memoryKinds.includes(kind);
}

/** The exponential moving average of a parameter. */
export function averageName(parameter: string): string {
  return `average:${parameter}`;
}

/**
 * The weights of a checkpoint that validations measure: the moving average of a parameter where there is one,
 * else the parameter itself. @returns the parameter's name by the name in the checkpoint
 */
export function validatedNames(names: Iterable<string>): Map<string, string> {
  const all = new Set(names);
  const parameters = [...all].filter((name) => !name.startsWith(averageName("")) && !isMemory(name));
  const stored = (name: string) => (all.has(averageName(name)) ? averageName(name) : name);
  return new Map(parameters.map((name) => [stored(name), name]));
}

/** The output that holds the next value of a state input. */
export function nextName(input: string): string {
  return `next:${input}`;
}

/** The output of a replica that holds the gradient of a parameter. */
export function gradientName(parameter: string): `gradient:${string}` {
  return `gradient:${parameter}`;
}

/** The input of the update that holds the gradient that one replica found. */
export function gradientInput(parameter: string, replica: number): string {
  return `${gradientName(parameter)}:${replica}`;
}

/** The input of the update that holds what a replica's part of the batch weighs in the mean, 0..1. */
export function weightInput(replica: number): string {
  return `weight:${replica}`;
}

/** The output that holds a parameter once more, so that it leaves the engine. */
export function copyName(parameter: string): string {
  return `${COPY}${parameter}`;
}

/** The parameter that an output of `copyName` holds. */
export function copiedParameter(output: string): string {
  return output.slice(COPY.length);
}

/** The input that holds the learning rate of a parameter group. */
export function learningRateInput(group: string): string {
  return `learningRate.${group}`;
}

/** The inputs that hold the two bias corrections of Adam for a parameter group. */
export function correctionInputs(group: string): { first: string; second: string } {
  return { first: `correction1.${group}`, second: `correction2.${group}` };
}
