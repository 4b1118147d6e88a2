import type { ManifestFile } from "../model-files/manifest.ts";
import { shippedManifestUrl, shippedUrls } from "./shipped.ts";

/** Where the manifest and the models lie: beside the library, or in a folder of the page's own. */
export interface ModelAddresses {
  readonly manifest: URL;
  model(entry: ManifestFile): URL;
}

/** Addresses of the models in a folder. @param base defaults to the folder of the package */
export function modelAddresses(base?: string | URL): ModelAddresses {
  if (base === undefined) {
    const beside = (file: string) => new URL(file, shippedManifestUrl);
    return { manifest: shippedManifestUrl, model: ({ file }) => shippedUrls[file] ?? beside(file) };
  }
  const folder = new URL(base, document.baseURI);
  // Without it the last part of the address would be taken for a file.
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return { manifest: new URL("manifest.json", folder), model: ({ file }) => new URL(file, folder) };
}
