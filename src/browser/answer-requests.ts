import { kindOf, LightsegError, messageOf } from "../errors.ts";
import { isRecord } from "../is-record.ts";
import type { Protocol, Reply, Request, WorkerError } from "../runtime/rpc.ts";
import { Turns } from "../runtime/turns.ts";
import { settleUnlessAborted } from "../streams.ts";

/** An answer, and the parts of it that are moved to the page instead of copied. */
export interface Outgoing<Answer> {
  readonly answer: Answer;
  readonly transfer: Transferable[];
}

export interface AnswerRequestsOptions<P extends Protocol<P>> {
  answer(message: Request<P>): Promise<Outgoing<P[keyof P]["answer"]>>;
  /** Aborted, with the error, when the device is lost, after which no answer comes. */
  readonly lost?: AbortSignal | undefined;
}

/** Answers the requests of the page that started this worker, one after the other. */
export function answerRequests<P extends Protocol<P>>(options: AnswerRequestsOptions<P>): void {
  // onnxruntime starts its threads from the same file: those have their own messages.
  if (self.name.startsWith("em-pthread")) return;
  const turns = new Turns();
  addEventListener("message", ({ data }: MessageEvent<Request<P>>) => {
    void turns.take(async () => {
      const { reply, transfer } = await replyTo(data, options);
      postMessage(reply, { transfer });
    });
  });
}

async function replyTo<P extends Protocol<P>>(
  message: Request<P>,
  { answer, lost }: AnswerRequestsOptions<P>,
): Promise<{ reply: Reply<P>; transfer: Transferable[] }> {
  const { id } = message;
  try {
    const answering = lost ? settleUnlessAborted(() => answer(message), lost) : answer(message);
    const { answer: found, transfer } = await answering;
    return { reply: { id, answer: found }, transfer };
  } catch (error) {
    return { reply: { id, error: describe(error) }, transfer: [] };
  }
}

function describe(error: unknown): WorkerError {
  if (!(error instanceof LightsegError)) return { defect: messageOf(error) };
  const { value, cause, ...details } = error.details;
  // Values and causes may be of any kind; as text they can be sent.
  if (value === undefined) return details;
  const sendable = typeof value === "number" ? value : isRecord(value) ? kindOf(value) : String(value);
  return { ...details, value: sendable };
}
