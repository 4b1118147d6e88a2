import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { customLabels } from "../../src/datasets/custom-labels.ts";
import { readCustomSettings } from "../../src/datasets/custom-settings.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-settings-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function read(yaml: string) {
  const file = join(directory, "dataset.yaml");
  await writeFile(file, yaml);
  const settings = await readCustomSettings(file, "expected a layout");
  return { settings, ...customLabels(settings, file) };
}

describe("readCustomSettings", () => {
  it("needs no more than names", async () => {
    const { settings, labels, labelOf } = await read("classes: [grass, path]");
    expect(settings).toMatchObject({
      name: "custom",
      masks: "indexed",
      folders: { images: "images", masks: "masks" },
      val: 0.1,
      seed: 0,
    });
    expect(labels).toEqual({
      classes: ["grass", "path"],
      palette: [
        [0, 0, 0],
        [128, 0, 0],
      ],
      ignoreLabel: 255,
    });
    expect([...labelOf]).toEqual([
      [0, 0],
      [1, 1],
      [255, 255],
    ]);
  });

  it("takes values, colors of both kinds, and several ignored values", async () => {
    const { settings, labels, labelOf } = await read(`
name: garden
ignore: [0, 9]
folders: { images: photos }
val: 0.25
seed: 3
classes:
  - { name: grass, color: "#00Ff10", value: 1 }
  - name: path
    color: [1, 2, 3]
    value: 4
`);
    expect(settings).toMatchObject({
      name: "garden",
      folders: { images: "photos", masks: "masks" },
      val: 0.25,
      seed: 3,
    });
    expect(labels.palette).toEqual([
      [0, 255, 16],
      [1, 2, 3],
    ]);
    expect(Object.fromEntries(labelOf)).toEqual({ 1: 0, 4: 1, 0: 255, 9: 255 });
  });

  it("codes by color: a single ignored color is not taken for three", async () => {
    const classes = 'classes: [{ name: grass, color: "#000001" }, path]';
    const { labelOf } = await read(`${classes}\nmasks: rgb\nignore: [1, 2, 3]`);
    // The default color of the second class is 80 00 00.
    expect(Object.fromEntries(labelOf)).toEqual({ 1: 0, 8388608: 1, 66051: 255 });
    const several = await read(`${classes}\nmasks: rgb\nignore: ["#ffffff", [1, 2, 3]]`);
    expect(several.labelOf.get(0xffffff)).toBe(255);
    expect(several.labelOf.get(0x010203)).toBe(255);
    expect((await read(`${classes}\nmasks: rgb`)).labelOf.size).toBe(2);
  });

  it.each([
    ["", "dataset.yaml: settings must hold keys"],
    ["- a\n- b", "dataset.yaml: settings must hold keys"],
    ["name: x", "classes must be a list of names"],
    ["classes: []", "classes must list at least one class"],
    [`classes: [${Array.from({ length: 256 }, (_, i) => `c${i}`)}]`, "classes must list at most 255"],
    ["classes: [a, 1]", "classes[1] must be a name or { name, color, value }"],
    ["classes: [a, '']", "classes[1].name must not be empty"],
    ["classes: [a, b, a]", "classes[2].name must not be that of classes[0]"],
    ["classes: [{ name: a, colour: '#000000' }]", "classes[0] must not hold colour"],
    ["classes: [{ color: '#000000' }]", "classes[0].name must be text"],
    ["classes: [{ name: a, color: green }]", 'classes[0].color must be "#rrggbb", in quotes, or'],
    ["classes: [{ name: a, color: [0, 0, 256] }]", "classes[0].color[2] must be 0 to 255"],
    // YAML reads # as a comment, so that the color is null.
    ["classes:\n  - name: a\n    color: #00ff00", 'classes[0].color must be "#rrggbb", in quotes'],
    ["classes: [{ name: a, value: 256 }]", "classes[0].value must be 0 to 255"],
    ["classes: [{ name: a, value: 1 }, b]", "classes[1].value must not be that of classes[0]"],
    ["classes: [a, b]\nignore: 0", "ignore must not hold the value of classes[0] (give each class its value"],
    ["classes: [a]\nignore: '#ffffff'", "ignore must be a mask value"],
    ["classes: [a]\nmasks: rgb\nignore: 255", "ignore must be a color"],
    ["classes: [{ name: a, value: 1 }]\nmasks: rgb", "classes[0].value is for indexed masks"],
    ["classes: [a, { name: b, color: [0, 0, 0] }]\nmasks: rgb", "classes[1].color must not be that of"],
    ["classes: [a]\nmasks: rgb\nignore: '#000000'", "ignore must not hold the color of classes[0]"],
    ["classes: [a]\nmasks: color", "masks must be indexed or rgb"],
    ["classes: [a]\nval: 0", "val must be between 0 and 1"],
    ["classes: [a]\nval: 1", "val must be between 0 and 1"],
    ["classes: [a]\nseed: x", "seed must be a whole number"],
    ["classes: [a]\nfolders: { photos: b }", "folders must not hold photos"],
    ["classes: [a]\nclass: b", "dataset.yaml: settings must not hold class"],
    ["classes: [a", "settings must be valid YAML:"],
    ["classes: [a]\nclasses: [b]", "settings must be valid YAML: Map keys must be unique"],
  ])("names the key at fault in %j", async (yaml, message) => {
    await expect(read(yaml)).rejects.toMatchObject({
      code: "INVALID_DATASET",
      message: expect.stringContaining(message),
    });
  });

  it("says where a file is expected that is not there", async () => {
    const missing = readCustomSettings(join(directory, "dataset.yaml"), "expected a layout");
    await expect(missing).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(missing).rejects.toThrow(
      /dataset\.yaml: settings must be a readable file \(expected a layout\)/,
    );
  });
});
