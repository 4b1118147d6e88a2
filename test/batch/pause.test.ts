import { expect, it } from "vitest";
import { pause } from "../../src/batch/pause.ts";

it("ends with the signal's reason, before and in the middle", async () => {
  const stop = new AbortController();
  const pausing = pause(1e6, stop.signal);
  const reason = new Error("enough");
  stop.abort(reason);
  await expect(pausing).rejects.toBe(reason);
  await expect(pause(1e6, stop.signal)).rejects.toBe(reason);
});
