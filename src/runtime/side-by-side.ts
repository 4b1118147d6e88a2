import type { Feeds, OpenSession, Session, TensorData } from "./session.ts";

/**
 * Opens each model as several sessions that run side by side, each with the threads and the memory of one.
 *
 * More runs a second than one session with as many threads, since threads of one run wait for each other; a
 * single run takes longer. Results come in the order of the calls.
 *
 * @param count sessions a model
 */
export function sideBySide(open: OpenSession, count: number): OpenSession {
  if (count === 1) return open;
  const openAll: OpenSession = async (model, options) => {
    if (options?.carried?.length) throw new TypeError("carried values belong to one session");
    const opening = await Promise.allSettled(Array.from({ length: count }, () => open(model, options)));
    const sessions = opening.flatMap((session) => (session.status === "fulfilled" ? [session.value] : []));
    const failure = opening.find((session) => session.status === "rejected");
    if (!failure) return new SessionsSideBySide(sessions);
    await Promise.all(sessions.map((session) => session.dispose()));
    throw failure.reason;
  };
  return Object.assign(openAll, { ...(open.provider && { provider: open.provider }), concurrency: count });
}

class SessionsSideBySide implements Session {
  readonly #lanes: { readonly session: Session; waiting: number }[];
  /** Ends when the run that was asked for last has its result. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(sessions: readonly Session[]) {
    this.#lanes = sessions.map((session) => ({ session, waiting: 0 }));
  }

  run<Name extends string>(
    feeds: Feeds,
    outputs: readonly Name[],
    handOver?: readonly string[],
  ): Promise<Record<Name, TensorData>> {
    const lane = this.#lanes.reduce((least, other) => (other.waiting < least.waiting ? other : least));
    lane.waiting++;
    const result = lane.session.run(feeds, outputs, handOver).finally(() => lane.waiting--);
    // Marks the rejection as handled: the caller gets it by way of `inOrder`.
    result.catch(ignore);
    const inOrder = this.#last.then(() => result);
    this.#last = inOrder.catch(ignore);
    return inOrder;
  }

  async state(): Promise<Record<string, TensorData>> {
    return {};
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#lanes.map(({ session }) => session.dispose()));
  }
}

function ignore(): void {}
