import { EventEmitter, getEventListeners, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { mapAhead, readAhead, readNewest, settleUnlessAborted, untilAborted } from "../src/streams.ts";

/** A source that counts what it has been asked for, and whether it was told to stop. */
function countingSource(length: number, between: () => Promise<unknown> = async () => undefined) {
  const state = { asked: 0, closed: false };
  async function* generate() {
    try {
      for (let item = 0; item < length; item++) {
        state.asked++;
        await between();
        yield item;
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, items: generate() };
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

async function* failing() {
  yield 1;
  throw new Error("broken");
}

describe("readAhead", () => {
  it("gives everything in order, one item ahead and never more", async () => {
    const { state, items } = countingSource(20);
    let taken = 0;
    for await (const item of readAhead(items)) {
      expect(item).toBe(taken++);
      await sleep(1);
      expect(state.asked).toBe(Math.min(20, taken + 1));
    }
    expect(taken).toBe(20);
  });

  it("tells the source that its reader has left", async () => {
    const { state, items } = countingSource(20);
    for await (const _ of readAhead(items)) break;
    await sleep(1);
    expect(state).toEqual({ asked: 2, closed: true });
  });

  it("passes on an error where it happened, after what came before", async () => {
    const items = readAhead(failing());
    expect((await items.next()).value).toBe(1);
    await expect(items.next()).rejects.toThrow("broken");
  });
});

describe("mapAhead", () => {
  it("works at several items beside the one in use, never at more, and gives them in order", async () => {
    const { state, items } = countingSource(20);
    const map = async (item: number) => {
      await sleep(5 - (item % 5));
      return 2 * item;
    };
    let taken = 0;
    for await (const { item, result } of mapAhead(items, map, 3)) {
      expect([item, await result]).toEqual([taken, 2 * taken]);
      taken++;
      await sleep(1);
      expect(state.asked).toBe(Math.min(20, taken + 3));
    }
    expect(taken).toBe(20);
  });

  it("keeps an error for the reader of its item, be there one or not", async () => {
    const map = async (item: string) => {
      if (item === "broken") throw new Error(item);
      return item.length;
    };
    const found: unknown[] = [];
    for await (const { result } of mapAhead(["one", "broken", "three", "broken"], map, 2)) {
      found.push(await result.catch((error: Error) => error.message));
      if (found.length === 3) break;
    }
    expect(found).toEqual([3, "broken", 5]);
  });
});

describe("readNewest", () => {
  it("gives the newest item and how many were missed, and everything to a reader that is fast enough", async () => {
    const gate = new EventEmitter();
    const { items } = countingSource(5, () => once(gate, "open"));
    const give = async (count: number) => {
      for (let item = 0; item < count; item++) {
        await sleep(1);
        gate.emit("open");
      }
      await sleep(1);
    };
    const newest = readNewest(items);
    const first = newest.next();
    await give(1);
    expect((await first).value).toEqual({ item: 0, dropped: 0 });
    await give(3);
    expect((await newest.next()).value).toEqual({ item: 3, dropped: 2 });
    const waiting = newest.next();
    await give(1);
    expect((await waiting).value).toEqual({ item: 4, dropped: 0 });
    expect((await newest.next()).done).toBe(true);
  });

  it("tells the source that its reader has left, and passes on its errors", async () => {
    const { state, items } = countingSource(1000, () => sleep(1));
    for await (const _ of readNewest(items)) break;
    await sleep(5);
    expect(state.closed).toBe(true);
    await expect(collect(readNewest(failing()))).rejects.toThrow("broken");
  });
});

describe("untilAborted", () => {
  it("ends a wait for a source that gives nothing", async () => {
    const controller = new AbortController();
    async function* stalled() {
      yield 0;
      await new Promise(() => undefined);
    }
    const items = untilAborted(stalled(), controller.signal);
    await items.next();
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await expect(items.next()).rejects.toThrow("enough");
  });

  it("does not ask at all where the signal is aborted already", async () => {
    const { state, items } = countingSource(3);
    await expect(collect(untilAborted(items, AbortSignal.abort(new Error("enough"))))).rejects.toThrow(
      "enough",
    );
    expect(state.asked).toBe(0);
  });

  it("is the source itself without an abort", async () => {
    const { items } = countingSource(3);
    expect(await collect(untilAborted(items, new AbortController().signal))).toEqual([0, 1, 2]);
  });
});

describe("settleUnlessAborted", () => {
  it("listens to the signal no longer than the work takes", async () => {
    const { signal } = new AbortController();
    const reason = new Error("broken");
    expect(await settleUnlessAborted(async () => 5, signal)).toBe(5);
    await expect(settleUnlessAborted(() => Promise.reject(reason), signal)).rejects.toBe(reason);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("gives the reason, in the middle of the work and instead of it", async () => {
    const stop = new AbortController();
    const reason = new Error("lost");
    const settling = settleUnlessAborted(() => new Promise(() => undefined), stop.signal);
    stop.abort(reason);
    await expect(settling).rejects.toBe(reason);
    const start = async () => {
      throw new Error("was started");
    };
    await expect(settleUnlessAborted(start, stop.signal)).rejects.toBe(reason);
  });
});
