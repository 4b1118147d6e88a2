import { type ESTree, type Plugin, parseSync } from "vite";

/** What definitions of ops say for training and analysis alone. */
const LEFT_OUT = new Set(["gradient", "macs", "describe", "pooledValues", "otherOperations"]);

/**
 * Leaves gradients and counts of all ops out of a bundle: workers run networks, and neither differentiate nor
 * analyse them. Code that only these use is then left out as well.
 */
export function leaveOutGradients(): Plugin {
  return {
    name: "leave-out-gradients",
    enforce: "pre",
    transform(code, id) {
      if (!/\/graph\/ops\/[a-z-]+\.ts$/.test(id)) return undefined;
      let rest = code;
      for (const { start, end } of findLeftOut(parseSync(id, code).program).reverse()) {
        const comma = rest[end] === "," ? 1 : 0;
        rest = rest.slice(0, start) + rest.slice(end + comma);
      }
      return { code: rest, map: null };
    },
  };
}

/** The properties to leave out of all calls of `defineOp` and its like, in the order of the file. */
function findLeftOut(node: unknown): ESTree.ObjectPropertyKind[] {
  if (typeof node !== "object" || node === null) return [];
  if (isDefinition(node)) {
    return node.arguments.flatMap((argument) =>
      argument.type === "ObjectExpression"
        ? argument.properties.filter(
            (property) =>
              property.type === "Property" &&
              property.key.type === "Identifier" &&
              LEFT_OUT.has(property.key.name),
          )
        : [],
    );
  }
  return Object.values(node).flatMap(findLeftOut);
}

function isDefinition(node: object): node is ESTree.CallExpression {
  if (!("callee" in node) || typeof node.callee !== "object" || node.callee === null) return false;
  return "name" in node.callee && /^define[A-Z]/.test(String(node.callee.name));
}
