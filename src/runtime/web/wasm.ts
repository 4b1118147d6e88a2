/** Sessions on the CPU, with the smaller build of onnxruntime-web. */
import * as ort from "onnxruntime-web/wasm";
import { webSessions } from "./sessions.ts";

export const openWasmSession = webSessions(ort, { name: "wasm" });
