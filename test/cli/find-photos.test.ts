import { expect, it, vi } from "vitest";
import { findPhotos } from "../../src/cli/find-photos.ts";
import { failureOf } from "../support/errors.ts";

const mocks = vi.hoisted(() => ({ readdir: vi.fn() }));
vi.mock("node:fs/promises", async (original) => ({ ...(await original<object>()), ...mocks }));

it("says why a folder cannot be read", async () => {
  // The permission would not stop a test that runs as root.
  mocks.readdir.mockRejectedValue(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }));
  const { code, message } = await failureOf(findPhotos([import.meta.dirname], "segment"));
  expect(code).toBe("NOT_FOUND");
  expect(message).toContain("folder cannot be read: there is no permission to");
});
