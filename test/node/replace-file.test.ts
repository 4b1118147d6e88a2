import { rename } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { replaceFile } from "../../src/node/files.ts";

vi.mock("node:fs/promises", async (original) => ({
  ...(await original<Record<string, unknown>>()),
  rename: vi.fn(async () => undefined),
}));
const fails = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
const platform = process.platform;
const runOn = (name: string) => Object.defineProperty(process, "platform", { value: name });

beforeEach(() => {
  vi.mocked(rename).mockClear();
  vi.mocked(rename).mockImplementation(async () => undefined);
});
afterEach(() => {
  runOn(platform);
});

describe("replaceFile", () => {
  it.each(["EPERM", "EACCES", "EBUSY"])("tries again where Windows says %s for a moment", async (code) => {
    runOn("win32");
    vi.mocked(rename).mockImplementationOnce(fails(code)).mockImplementationOnce(fails(code));
    await replaceFile("a", "b");
    expect(vi.mocked(rename).mock.calls).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("gives up after two seconds, and at once where waiting does not help", async () => {
    runOn("win32");
    vi.mocked(rename).mockImplementation(fails("EPERM"));
    await expect(replaceFile("a", "b")).rejects.toThrow("EPERM");
    expect(vi.mocked(rename).mock.calls).toHaveLength(41);
    vi.mocked(rename).mockClear().mockImplementation(fails("ENOENT"));
    await expect(replaceFile("a", "b")).rejects.toThrow("ENOENT");
    runOn("linux");
    vi.mocked(rename).mockImplementation(fails("EPERM"));
    await expect(replaceFile("a", "b")).rejects.toThrow("EPERM");
    expect(vi.mocked(rename).mock.calls).toHaveLength(2);
  });
});
