/**
 * Reads ahead: the source works at the next items while the reader is busy with the last.
 *
 * @param count items that are asked for beside the one in use
 */
export async function* readAhead<T>(source: AsyncIterable<T>, count = 1): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const ask = () => {
    const next = iterator.next();
    // Nobody may come to ask for it; who does sees the error.
    next.catch(ignore);
    return next;
  };
  try {
    const asked = [ask()];
    for (let next = asked.shift(); next; next = asked.shift()) {
      const { done, value } = await next;
      if (done) return;
      while (asked.length < count) asked.push(ask());
      yield value;
    }
  } finally {
    leave(iterator);
  }
}

/**
 * Maps items to results, several at once, and gives them in order.
 *
 * @param count items that are worked at beside the one in use
 */
export function mapAhead<T, R>(
  source: AsyncIterable<T> | Iterable<T>,
  map: (item: T) => Promise<R>,
  count: number,
): AsyncGenerator<{ readonly item: T; readonly result: Promise<R> }, void, undefined> {
  async function* start() {
    for await (const item of source) {
      const result = map(item);
      // Its reader, who comes later or never, sees the error.
      result.catch(ignore);
      yield { item, result };
    }
  }
  return readAhead(start(), count);
}

/** Reads as fast as the source gives. The reader gets the newest item and the number of missed ones. */
export async function* readNewest<T>(
  source: AsyncIterable<T>,
): AsyncGenerator<{ item: T; dropped: number }, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let newest: { item: T; dropped: number } | undefined;
  let ended = false;
  let stopped = false;
  let wake = ignore;
  const read = async () => {
    while (!stopped) {
      const { done, value } = await iterator.next();
      if (done) return;
      newest = { item: value, dropped: newest ? newest.dropped + 1 : 0 };
      wake();
    }
  };
  const reading = read().finally(() => {
    ended = true;
    wake();
  });
  reading.catch(ignore);
  try {
    for (;;) {
      const taken = newest;
      newest = undefined;
      if (taken) yield taken;
      else if (ended) return await reading;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    stopped = true;
    leave(iterator);
  }
}

/** Gives the source's items until the signal is aborted, and then throws its reason. */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await settleUnlessAborted(() => iterator.next(), signal);
      if (done) return;
      yield value;
    }
  } finally {
    leave(iterator);
  }
}

/**
 * Starts work, and settles as it does, or with the signal's reason if that is aborted before.
 *
 * Not `Promise.race` with one promise for the signal: that would hold on to every result until the end.
 */
export function settleUnlessAborted<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    start()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Ends a source. Not waited for, since the source may be in a read of any length. */
function leave(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().catch(ignore);
}

function ignore(): void {}
