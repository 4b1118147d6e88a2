import { encodeModel } from "../../export/onnx.ts";
import type { Photo } from "../../images/types.ts";
import { decodeModel, quantizedModel } from "../../model-files/decode.ts";
import type { Model } from "../../model-files/model.ts";
import type { Engine, OpenSession } from "../../runtime/session.ts";
import { giveEngine } from "../../runtime/web/sessions.ts";
import { networkOfBase } from "../../teaching/base.ts";
import type { TeachingBase } from "../../teaching/options.ts";
import { encodeTaught } from "../../teaching/taught-model.ts";
import { teach } from "../../teaching/teach.ts";
import { samplesOf } from "../../training/samples.ts";
import { isOnnx } from "../../weights/onnx.ts";
import { decodeSafetensors } from "../../weights/safetensors.ts";
import { answerRequests, type Outgoing } from "../answer-requests.ts";
import { PictureReader } from "../read-picture.ts";
import type { ModelFileContent, TeachingEvent, TeachingProtocol } from "./protocol.ts";

export interface ServeTeachingOptions {
  open(): Promise<OpenSession>;
  /** Tries the device with the network before it trains; its error becomes the answer. */
  readonly check?: (base: TeachingBase) => Promise<void>;
  /** Aborted, with the error, when the device is lost, after which no answer comes. */
  readonly lost?: AbortSignal;
}

type Asked = TeachingProtocol["teach"]["request"];

/** Answers the page that started this worker: teaches a network, or writes one as ONNX. */
export function serveTeaching({ open, check, lost }: ServeTeachingOptions): void {
  const answerTeach = async ({ engine, threads, ...asked }: Asked): Promise<Outgoing<ModelFileContent>> => {
    const base = readBase(asked);
    giveEngine(engine);
    await check?.(base);
    const model = await teachOn({ open: await open(), threads }, base, asked);
    const { content, transfer } = encode(model);
    return { answer: content, transfer };
  };
  answerRequests<TeachingProtocol>({
    answer: async (asked) => (asked.kind === "teach" ? answerTeach(asked.request) : writeOnnx(asked.request)),
    lost,
  });
}

function writeOnnx({
  model,
  name,
  options,
}: TeachingProtocol["export"]["request"]): Outgoing<TeachingProtocol["export"]["answer"]> {
  if (isOnnx(model)) throw quantizedModel(name);
  const bytes = new Uint8Array(encodeModel(decodeModel(model, name), options));
  return { answer: { bytes }, transfer: [bytes.buffer] };
}

/** @throws LightsegError INVALID_WEIGHTS for a base that is no model and no encoder in safetensors */
function readBase({ base, name, backbone }: Pick<Asked, "base" | "name" | "backbone">): TeachingBase {
  if (isOnnx(base)) throw quantizedModel(name);
  const { weights, metadata } = decodeSafetensors(base, name);
  return { network: networkOfBase({ file: name, backbone, metadata }), weights };
}

async function teachOn(
  engine: Engine,
  base: TeachingBase,
  { samples, previews, options, wantsModels, events }: Omit<Asked, "engine" | "threads">,
): Promise<Model> {
  const tell = (event: TeachingEvent, transfer: Transferable[] = []) => events.postMessage(event, transfer);
  const reader = new PictureReader("fineTune");
  const photos = samplesOf(samples, async ({ picture, labels }) => ({
    photo: await reader.take(picture),
    labels,
  }));
  const tellAndWait = async (event: TeachingEvent, transfer: Transferable[]) => {
    tell(event, transfer);
    await new Promise((resolve) => {
      events.onmessage = resolve;
    });
  };
  const sendModel = (model: Model) => {
    const { content, transfer } = encode(model);
    return tellAndWait({ kind: "model", model: content }, transfer);
  };
  const shown: Photo[] = [];
  for (const picture of previews) shown.push(await reader.take(picture));
  const model = await teach(
    base,
    {
      ...options,
      samples: photos,
      previews: shown,
      onPreview: (labels) => tellAndWait({ kind: "preview", labels }, []),
      onProgress: (progress) => tell({ kind: "progress", progress }),
      ...(wantsModels && { onModel: sendModel }),
    },
    engine,
  );
  tell({ kind: "end" });
  return model;
}

function encode(model: Model): { content: ModelFileContent; transfer: Transferable[] } {
  const { description, bytes } = encodeTaught(model);
  return { content: { description, bytes }, transfer: [bytes.buffer] };
}
