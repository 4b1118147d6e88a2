import type { ManifestFile } from "../model-files/manifest.ts";
import { deviceFiles, packaged } from "./packaged.ts";
import type { AssetOptions, Device, DeviceUrls } from "./types.ts";

/** The names of `AssetOptions`, for the checks of options. */
export const ASSET_OPTIONS: readonly (keyof AssetOptions)[] = [
  "assetsUrl",
  "modelsUrl",
  "wasmUrl",
  "workerUrl",
];

/** What a worker does: it segments, or it teaches. */
export type WorkerRole = "worker" | "teacher";

/** The address of a device's worker. */
export function workerAddress(device: Device, role: WorkerRole, options: AssetOptions): URL {
  const file = deviceFiles[device][role];
  const exact = exactAddress(options.workerUrl, device);
  // It is that of the worker that segments; the one that teaches lies beside it.
  if (exact && role === "teacher") return new URL(file, exact);
  return deviceAddress(options.workerUrl, device, file, options.assetsUrl);
}

/** The address of a device's engine, a WebAssembly module. */
export function engineAddress(device: Device, { wasmUrl, assetsUrl }: AssetOptions): URL {
  return deviceAddress(wasmUrl, device, deviceFiles[device].engine, assetsUrl);
}

/** Where the manifest and the models lie. */
export interface ModelAddresses {
  readonly manifest: URL;
  model(entry: ManifestFile): URL;
}

/** Addresses of the models: in a folder of the page's own, or beside the library. */
export function modelAddresses({ modelsUrl, assetsUrl }: AssetOptions): ModelAddresses {
  const folder = modelsUrl ?? assetsUrl;
  if (folder !== undefined)
    return { manifest: inFolder(folder, "manifest.json"), model: ({ file }) => inFolder(folder, file) };
  const manifest = packaged["manifest.json"]();
  const known: Readonly<Record<string, () => URL>> = packaged;
  return { manifest, model: ({ file }) => known[file]?.() ?? new URL(file, manifest) };
}

/** What an address of the user's stands for: relative to the page, or to the worker that asks. */
export function resolveAddress(address: string | URL): URL {
  if (typeof document !== "undefined") return new URL(address, document.baseURI);
  // Nothing is relative to the address of a Blob.
  return new URL(address, location.protocol === "blob:" ? location.origin : location.href);
}

function deviceAddress(
  own: DeviceUrls | undefined,
  device: Device,
  file: keyof typeof packaged,
  assetsUrl: string | URL | undefined,
): URL {
  const exact = exactAddress(own, device);
  if (exact) return exact;
  const folder = isFolder(own) ? own : assetsUrl;
  return folder === undefined ? packaged[file]() : inFolder(folder, file);
}

/** The address of one device's file, where it was given instead of a folder. */
function exactAddress(own: DeviceUrls | undefined, device: Device): URL | undefined {
  const exact = isFolder(own) ? undefined : own?.[device];
  return exact === undefined ? undefined : resolveAddress(exact);
}

function isFolder(own: DeviceUrls | undefined): own is string | URL {
  return typeof own === "string" || own instanceof URL;
}

function inFolder(folder: string | URL, file: string): URL {
  const url = resolveAddress(folder);
  // Without it the last part of the address would be taken for a file.
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return new URL(file, url);
}
