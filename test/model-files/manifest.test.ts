import { expect, it } from "vitest";
import { findModel, modelNames, parseManifest } from "../../src/model-files/manifest.ts";
import { lightsegError } from "../support/errors.ts";

const file = { file: "a.safetensors", bytes: 5, sha256: "0".repeat(64) };

it("reads models, of manifests without kinds too, and weights of encoders", () => {
  const manifest = parseManifest(
    JSON.stringify({
      street: { ...file, network: "ndnet45", int8: file },
      imagenet: { ...file, kind: "encoder", backbone: "resnet-18" },
      garden: { ...file, kind: "model" },
    }),
    "manifest.json",
  );
  expect(manifest).toEqual({
    street: { kind: "model", ...file, int8: file },
    imagenet: { kind: "encoder", ...file, backbone: "resnet-18" },
    garden: { kind: "model", ...file },
  });
  expect(modelNames(manifest)).toEqual(["garden", "street"]);
  expect(findModel(manifest, "imagenet")).toBeUndefined();
  expect(findModel(manifest, "toString")).toBeUndefined();
});

it.each([
  ["text", "<!doctype html>"],
  ["a list", "[]"],
  ["an entry without a file", JSON.stringify({ a: { bytes: 5, sha256: file.sha256 } })],
  ["a short hash", JSON.stringify({ a: { ...file, sha256: "00" } })],
  ["an unknown kind", JSON.stringify({ a: { ...file, kind: "song" } })],
  ["an encoder of no backbone", JSON.stringify({ a: { ...file, kind: "encoder" } })],
  ["a damaged form in int8", JSON.stringify({ a: { ...file, int8: {} } })],
])("refuses %s", (_, text) => {
  expect(() => parseManifest(text, "manifest.json")).toThrow(
    lightsegError("INVALID_WEIGHTS", "parseManifest"),
  );
});
