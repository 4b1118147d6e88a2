import { DEFAULT_MODEL } from "../../src/web.ts";

interface KnownModel {
  /** What it knows, in plain words. */
  readonly knows: string;
  /** Example photos in which there is something that it knows. */
  readonly examples: readonly string[];
}

const known: Readonly<Record<string, KnownModel>> = {
  people: { knows: "People", examples: ["astronaut", "camera"] },
  voc: { knows: "Animals, people and things", examples: ["chelsea", "astronaut", "coffee"] },
  camvid: { knows: "Streets", examples: ["camera"] },
  "camvid-ndnet45": { knows: "Streets, small and fast", examples: ["camera"] },
};

/** The model for people, which the camera takes where it comes with the page. */
export const PEOPLE = "people";

/** What a model knows, in plain words; its name where that is all there is to say. */
export function describeModel(name: string): string {
  return known[name]?.knows ?? name;
}

export function examplesFor(model: string): readonly string[] {
  return (known[model] ?? known[DEFAULT_MODEL])?.examples ?? [];
}
