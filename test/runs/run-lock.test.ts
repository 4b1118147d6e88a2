import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockRun } from "../../src/runs/run-lock.ts";
import { lightsegError } from "../support/errors.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-lock-"));
  path = join(folder, "training.lock");
});
afterEach(() => rm(folder, { recursive: true }));

describe("lockRun", () => {
  it("keeps others out until it is disposed of", async () => {
    const lock = await lockRun(folder);
    await expect(lockRun(folder)).rejects.toThrow(lightsegError("OUTPUT", "train"));
    await expect(lockRun(folder)).rejects.toThrow(`is being trained by process ${process.pid}`);
    await lock[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(false);
    await using _again = await lockRun(folder);
    expect(existsSync(path)).toBe(true);
  });

  it.each<[string, () => string]>([
    ["of a process that has ended", () => JSON.stringify({ host: hostname(), process: endedProcess() })],
    [
      "of an earlier process of the same number",
      () => JSON.stringify({ host: hostname(), process: process.pid }),
    ],
    ["of another machine", () => JSON.stringify({ host: `not-${hostname()}`, process: process.pid })],
    ["that is half written", () => '{"host":'],
    ["that is empty", () => ""],
    ["that names no process", () => JSON.stringify({ host: hostname() })],
  ])("takes a mark over %s", async (_what, mark) => {
    await writeFile(path, mark());
    await using _lock = await lockRun(folder);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
      host: hostname(),
      process: process.pid,
    });
  });

  it.skipIf(process.platform !== "linux")(
    "takes a mark over from before the machine was started, whoever has the process's number now",
    async () => {
      await using lock = await lockRun(folder);
      const own = JSON.parse(await readFile(path, "utf8"));
      await lock[Symbol.asyncDispose]();
      await writeFile(path, JSON.stringify({ ...own, process: process.ppid }));
      await expect(lockRun(folder)).rejects.toThrow(`is being trained by process ${process.ppid}`);
      await writeFile(path, JSON.stringify({ ...own, process: process.ppid, boot: "another" }));
      await using _taken = await lockRun(folder);
    },
  );

  it("says where it cannot write", async () => {
    await expect(lockRun(join(folder, "missing"))).rejects.toThrow("its folder does not exist");
  });
});

function endedProcess(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}
