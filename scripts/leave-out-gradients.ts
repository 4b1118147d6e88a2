import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/**
 * Leaves the gradients of convolution and pooling out of a bundle: workers run networks and never
 * differentiate them. What is left of such a file throws if it is called after all.
 */
export function leaveOutGradients(): Plugin {
  return {
    name: "leave-out-gradients",
    enforce: "pre",
    load(id) {
      if (!/\/graph\/ops\/[a-z]+-gradient\.ts$/.test(id)) return undefined;
      const names = [...readFileSync(id, "utf8").matchAll(/^export function (\w+)/gm)].map(
        ([, name]) => name,
      );
      const body = 'throw new Error("gradients are not in this bundle");';
      return names.map((name) => `export function ${name}() { ${body} }`).join("\n");
    },
  };
}
