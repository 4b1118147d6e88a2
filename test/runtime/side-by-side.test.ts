import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { OpenSession, Session } from "../../src/runtime/session.ts";
import { sideBySide } from "../../src/runtime/side-by-side.ts";
import { fakeSession } from "../support/fake-session.ts";
import { floats } from "../support/run-graph.ts";

const model = new Uint8Array(0);

/** Opens sessions whose runs wait for `x` milliseconds and tell which session it was. */
function numbered() {
  const state = { opened: 0, disposed: 0, running: 0, most: 0 };
  const open: OpenSession = async () => {
    const number = state.opened++;
    const session = fakeSession(async ({ x }) => {
      state.most = Math.max(state.most, ++state.running);
      const time = x?.data[0] ?? 0;
      await sleep(time);
      state.running--;
      if (time === 13) throw new Error("unlucky");
      return { y: floats([number]) };
    });
    return { ...session, dispose: async () => void state.disposed++ };
  };
  return { state, open };
}

const run = (session: Session, time: number) =>
  session.run({ x: floats([time]) }, ["y"]).then(({ y }) => y.data[0]);

describe("sideBySide", () => {
  it("gives each run to the session that has least to do, and answers in the order of the calls", async () => {
    const { state, open } = numbered();
    const session = await sideBySide(open, 2)(model);
    const order: number[] = [];
    const runs = [40, 5, 5, 5].map(async (time, index) => {
      const number = await run(session, time);
      order.push(index);
      return number;
    });
    // Both have one run, then the first of them a second, since neither has ended.
    expect(await Promise.all(runs)).toEqual([0, 1, 0, 1]);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(state.opened).toBe(2);
    expect(state.most).toBeGreaterThanOrEqual(2);
    expect(await run(session, 1)).toBe(0);
    await session.dispose();
    expect(state.disposed).toBe(2);
  });

  it("passes an error on to its caller alone", async () => {
    const { open } = numbered();
    const session = await sideBySide(open, 2)(model);
    const runs = await Promise.allSettled([30, 13, 1].map((time) => run(session, time)));
    expect(runs.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await session.dispose();
  });

  it("closes the sessions that are open when another cannot be opened", async () => {
    const { state, open } = numbered();
    const second: OpenSession = async (...options) => {
      if (state.opened === 2) throw new Error("no memory");
      return open(...options);
    };
    await expect(sideBySide(second, 3)(model)).rejects.toThrow("no memory");
    expect(state).toMatchObject({ opened: 2, disposed: 2 });
  });

  it("keeps the provider, says how many runs are done at once, and takes no carried values", async () => {
    const { open } = numbered();
    const several = sideBySide(Object.assign(open, { provider: "webgpu" as const }), 3);
    expect([several.provider, several.concurrency]).toEqual(["webgpu", 3]);
    const carried = [{ input: "a", output: "b", initial: floats([1]) }];
    await expect(several(model, { carried })).rejects.toThrow(TypeError);
  });
});
