import type os from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { freeMemory, totalMemory } from "../../src/node/memory.ts";

vi.mock("node:os", async (original) => ({
  ...(await original<typeof os>()),
  totalmem: () => 16e9,
  freemem: () => 5e9,
}));
const platform = process.platform;
afterEach(() => {
  vi.restoreAllMocks();
  Object.defineProperty(process, "platform", { value: platform });
});

function runOn(name: string, container: number): void {
  Object.defineProperty(process, "platform", { value: name });
  vi.spyOn(process, "constrainedMemory").mockReturnValue(container);
}

describe("memory", () => {
  // Without a limit Node says 0, or a number beyond all memory.
  it.each([0, 2 ** 63])("is the machine's outside containers (limit %d)", (none) => {
    runOn("linux", none);
    expect([totalMemory(), freeMemory()]).toEqual([16e9, 5e9]);
  });

  it("is a container's where that is less", () => {
    runOn("linux", 8e9);
    expect([totalMemory(), freeMemory()]).toEqual([8e9, 5e9]);
    runOn("linux", 2e9);
    expect([totalMemory(), freeMemory()]).toEqual([2e9, 2e9]);
  });

  it("is all free on macOS, which counts caches as used", () => {
    runOn("darwin", 0);
    expect(freeMemory()).toBe(16e9);
  });
});
