// @ts-check
/**
 * What the tests do in the page: functions that take and give plain values, called by name.
 *
 * @typedef {typeof import("../../src/web.ts")} Lightseg
 * @typedef {import("../../src/web.ts").LoadOptions} LoadOptions
 * @typedef {import("../../src/web.ts").Segmentation} Segmentation
 */

const library = "/dist/web.js";
/** @type {Lightseg} */
const {
  clearCache,
  exportOnnx,
  fineTune,
  LightsegError,
  listCached,
  listModels,
  SegmentationPainter,
  Segmenter,
} = await import(library);

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @param {string} text */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {Segmentation} segmentation */
function summarize({ width, height, labels, found, classes }) {
  return { width, height, labels: toBase64(labels), found: found.map(({ name }) => name), classes };
}

/**
 * Segments raw pictures, bytes in base64.
 *
 * @param {{ width: number; height: number; data: string }[]} photos
 * @param {LoadOptions & { model?: string }} options
 */
async function segmentPhotos(photos, { model, ...options }) {
  /** @type {string[]} */
  const notes = [];
  await using segmenter = await Segmenter.load(model, { ...options, onNote: (text) => notes.push(text) });
  const results = [];
  for (const { width, height, data } of photos)
    results.push(summarize(await segmenter.segment({ width, height, data: fromBase64(data) })));
  const { device, dtype, deviceNote } = segmenter;
  return { results, device, dtype, deviceNote, notes };
}

/**
 * Loads a model. @returns the progress that was told, or the error
 *
 * @param {string | undefined} model
 * @param {LoadOptions} options
 */
async function tryLoad(model, options) {
  /** @type {import("../../src/web.ts").DownloadProgress[]} */
  const progress = [];
  try {
    const segmenter = await Segmenter.load(model, {
      ...options,
      onProgress: (event) => progress.push(event),
    });
    await segmenter.dispose();
    return { progress };
  } catch (error) {
    if (error instanceof LightsegError)
      return { progress, error: { code: error.code, message: error.message } };
    throw error;
  }
}

/**
 * Loads a model four times at once, aborts one of the loads and throws in the progress of another.
 *
 * @returns the errors, and the bytes that were told to the others in the end
 *
 * @param {string} model
 */
async function loadTogether(model) {
  const aborting = new AbortController();
  /** @type {string[]} */
  const errors = [];
  /** @type {number[]} */
  const totals = [];
  const loads = ["aborts", "throws", "loads", "loads"].map(async (fate) => {
    let total = 0;
    try {
      const segmenter = await Segmenter.load(model, {
        device: "wasm",
        ...(fate === "aborts" && { signal: aborting.signal }),
        onProgress: ({ loaded }) => {
          total = loaded;
          if (fate === "throws") throw new Error("the page's own");
          if (fate === "aborts" && loaded > 0) aborting.abort(new Error("enough"));
        },
      });
      totals.push(total);
      await segmenter.dispose();
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
    }
  });
  await Promise.all(loads);
  return { errors, totals };
}

/**
 * Segments one photo handed in as every kind of picture. @returns labels in base64 by kind
 *
 * @param {string} address
 */
async function segmentAllKinds(address) {
  await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const blob = await (await fetch(address)).blob();
  const bitmap = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.drawImage(bitmap, 0, 0);
  const offscreen = new OffscreenCanvas(bitmap.width, bitmap.height);
  offscreen.getContext("2d")?.drawImage(bitmap, 0, 0);
  const image = new Image();
  image.src = address;
  await image.decode();
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const rgb = new Uint8Array(pixels.data.filter((_, index) => index % 4 < 3));
  const frame = new VideoFrame(bitmap, { timestamp: 0 });
  /** @type {Record<string, import("../../src/web.ts").PictureSource>} */
  const kinds = {
    path: address,
    URL: new URL(address, location.href),
    Blob: blob,
    ImageBitmap: bitmap,
    ImageData: pixels,
    HTMLImageElement: image,
    HTMLCanvasElement: canvas,
    OffscreenCanvas: offscreen,
    VideoFrame: frame,
    Photo: { width: bitmap.width, height: bitmap.height, data: rgb },
  };
  /** @type {Record<string, string>} */
  const labels = {};
  // Twice: what was handed in must still be the caller's.
  for (const _ of [1, 2])
    for (const [kind, picture] of Object.entries(kinds))
      labels[kind] = toBase64((await segmenter.segment(picture)).labels);
  frame.close();
  return labels;
}

/**
 * Segments pictures that cannot be segmented. @returns the errors' codes and messages
 *
 * @param {string[]} addresses
 */
async function segmentFaulty(addresses) {
  await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const sources = [...addresses, new Blob(["no photo"]), document.createElement("video")];
  const errors = [];
  for (const source of sources) {
    const error = await segmenter.segment(source).catch((/** @type {unknown} */ thrown) => thrown);
    errors.push(error instanceof LightsegError ? `${error.code}: ${error.message}` : String(error));
  }
  return errors;
}

/** The error of a promise, as text. @param {Promise<unknown>} promise */
async function errorOf(promise) {
  const error = await promise.then(
    () => undefined,
    (/** @type {unknown} */ thrown) => thrown,
  );
  return error instanceof LightsegError ? `${error.code}: ${error.message}` : String(error);
}

/**
 * Segments what is no picture, and pictures of a site that lets them be shown alone. @returns the errors
 *
 * @param {string} address of a picture of another site
 */
async function segmentForbidden(address) {
  await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 20, height: 20 });
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  const sources = [address, image, canvas, await createImageBitmap(canvas), null, 5, true, document.body, {}];
  const errors = [];
  for (const source of sources)
    errors.push(await errorOf(Reflect.apply(segmenter.segment, segmenter, [source])));
  return errors;
}

/** The errors of loads with such options. @param {object[]} list */
async function loadWrongly(list) {
  return Promise.all(list.map((options) => errorOf(Segmenter.load("camvid-ndnet45", options))));
}

/**
 * Loads with a worker that fails. @returns the error of the load, or of two pictures after it
 *
 * @param {string} worker
 */
async function loadFailing(worker) {
  const loading = Segmenter.load("camvid-ndnet45", { device: "wasm", workerUrl: { wasm: worker } });
  const error = await errorOf(loading);
  if (error !== "undefined") return [error];
  const segmenter = await loading;
  const picture = new ImageData(512, 512);
  return Promise.all([picture, picture].map((source) => errorOf(segmenter.segment(source))));
}

/**
 * Loses the graphics card while pictures are segmented. @returns how many labels there were, and the notes
 *
 * @param {string} worker
 */
async function loseDevice(worker) {
  /** @type {string[]} */
  const notes = [];
  await using segmenter = await Segmenter.load("camvid-ndnet45", {
    device: "webgpu",
    workerUrl: { webgpu: worker },
    onNote: (text) => notes.push(text),
  });
  const picture = new ImageData(64, 48);
  await segmenter.segment(picture);
  new BroadcastChannel("test").postMessage("lose");
  const results = await Promise.all([picture, picture].map((source) => segmenter.segment(source)));
  return { labels: results.map(({ labels }) => labels.length), notes };
}

/**
 * A video of what is drawn on a canvas, again and again, as a camera would give it.
 *
 * @param {{ width: number; height: number }} size
 * @param {(context: CanvasRenderingContext2D) => void} draw
 */
async function playDrawing(size, draw) {
  const canvas = Object.assign(document.createElement("canvas"), size);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  const timer = setInterval(() => draw(context), 20);
  const video = document.createElement("video");
  video.muted = true;
  const tracks = canvas.captureStream(30);
  video.srcObject = tracks;
  await video.play();
  return {
    video,
    stop() {
      clearInterval(timer);
      for (const track of tracks.getTracks()) track.stop();
    },
  };
}

/** A video of a square that moves. */
function playSquare() {
  let step = 0;
  return playDrawing({ width: 160, height: 120 }, (context) => {
    context.fillStyle = "skyblue";
    context.fillRect(0, 0, 160, 120);
    context.fillStyle = "gray";
    context.fillRect(step++ % 120, 60, 40, 40);
  });
}

/**
 * A video that shows a photo all the time.
 *
 * @param {string} address
 * @param {{ width: number; height: number }} size
 */
async function playPhoto(address, size) {
  const load = async (/** @type {string} */ from) => createImageBitmap(await (await fetch(from)).blob());
  let photo = await load(address);
  const { video, stop } = await playDrawing(size, (context) =>
    context.drawImage(photo, 0, 0, size.width, size.height),
  );
  return {
    video,
    stop,
    /** Shows another one. @param {string} other */
    async change(other) {
      photo = await load(other);
      for (let frame = 0; frame < 5; frame++)
        await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    },
  };
}

/** The pixels of a picture. @param {ImageBitmap | HTMLCanvasElement} picture */
function pixelsOf(picture) {
  const { width, height } = picture;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new Error("no canvas");
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  // Colors as they are seen: of what is hardly opaque, a canvas knows the color by a few steps only.
  return data.map((value, at) => (at % 4 === 3 ? value : (value * (data[at - (at % 4) + 3] ?? 0)) / 255));
}

/**
 * Paints a photo in several looks, by the worker and from labels of a segmenter on WebAssembly.
 *
 * @param {string} address
 * @param {{ width: number; height: number }} size
 * @param {LoadOptions & { model: string }} options
 * @returns how many labels and how many bytes of the pictures agree, shares of all, and how far bytes lie
 *   apart in the mean
 */
async function paintPhoto(address, size, { model, ...options }) {
  await using painting = await Segmenter.load(model, options);
  await using reference = await Segmenter.load(model, { device: "wasm" });
  const { video, stop } = await playPhoto(address, size);
  const canvas = document.createElement("canvas");
  const painter = new SegmentationPainter(canvas);
  /** @type {import("../../src/web.ts").Look[]} */
  const looks = [
    {},
    {
      strengths: [0, 1, 0.25],
      before: 0.3,
      colors: [
        [0, 0, 0],
        [10, 200, 90],
        [250, 30, 140],
      ],
    },
    { effect: "cutout", before: 0.5 },
    { effect: "cutout", edges: "soft", strengths: [0, ...Array(20).fill(0.8)], before: 0.2 },
    { effect: "blur", strengths: [] },
    { effect: "blur", strengths: Array(21).fill(0) },
  ];
  const next = looks.values();
  const results = [];
  for await (const { picture, labels, found } of painting.paint(video, {
    look: () => next.next().value ?? {},
    labels: true,
  })) {
    const segmentation = await reference.segment(video, { scores: true });
    painter.paint(video, segmentation, looks[results.length]);
    const [painted, expected] = [pixelsOf(picture), pixelsOf(canvas)];
    results.push({
      size: [picture.width, picture.height],
      labels: share(segmentation.labels, (label, at) => label === labels?.[at]),
      bytes: share(painted, (value, at) => Math.abs(value - (expected[at] ?? -1)) <= 3),
      distance:
        painted.reduce((sum, value, at) => sum + Math.abs(value - (expected[at] ?? 0)), 0) / painted.length,
      pixels: found.reduce((sum, { pixels }) => sum + pixels, 0),
      first: [found[0]?.name, segmentation.found[0]?.name],
    });
    if (results.length === looks.length) break;
  }
  stop();
  return { device: painting.device, results };
}

/**
 * The labels of a video, frame by frame.
 *
 * @param {import("../../src/web.ts").Segmenter} segmenter
 * @param {HTMLVideoElement} video
 * @param {{ way: "stream" | "paint"; smoothing: number }} options
 */
async function* labelFrames(segmenter, video, { way, smoothing }) {
  if (way === "paint")
    for await (const { labels } of segmenter.paint(video, { smoothing, labels: true })) yield labels;
  else for await (const { segmentation } of segmenter.stream(video, { smoothing })) yield segmentation.labels;
}

/**
 * Streams or paints a video whose picture changes.
 *
 * @param {[string, string]} addresses
 * @param {{ width: number; height: number }} size
 * @param {LoadOptions & { model: string; way: "stream" | "paint"; smoothing: number }} options
 * @returns how many labels after that are those before it, and those of the new picture
 */
async function changePicture([first, second], size, { model, way, smoothing, ...options }) {
  await using segmenter = await Segmenter.load(model, options);
  const { video, change, stop } = await playPhoto(first, size);
  const frames = labelFrames(segmenter, video, { way, smoothing });
  const before = (await frames.next()).value;
  await change(second);
  const { labels } = await segmenter.segment(video);
  const after = (await frames.next()).value;
  await frames.return();
  stop();
  return {
    old: share(before ?? [], (label, at) => label === after?.[at]),
    new: share(labels, (label, at) => label === after?.[at]),
  };
}

/**
 * The size at which a photo is painted.
 *
 * @param {{ width: number; height: number }} size
 * @param {LoadOptions} options
 */
async function paintedSize(size, options) {
  await using segmenter = await Segmenter.load("camvid-ndnet45", options);
  const { video, stop } = await playPhoto("/examples/chelsea.jpg", size);
  const { picture, found } = (await segmenter.paint(video).next()).value ?? {};
  stop();
  const pixels = found?.reduce((sum, share) => sum + share.pixels, 0);
  return { width: picture?.width, height: picture?.height, pixels };
}

/**
 * @param {ArrayLike<number>} values
 * @param {(value: number, at: number) => boolean} test
 */
function share(values, test) {
  return Array.from(values).filter(test).length / values.length;
}

/** Keeps the page's thread busy in a task of its own, and waits until that was noticed. @param {number} ms */
async function blockPage(ms) {
  const pause = () => new Promise((resolve) => setTimeout(resolve, ms));
  await pause();
  for (const start = performance.now(); performance.now() - start < ms; );
  await pause();
  await pause();
}

/** Counts the turns of the page's event loop. */
function countTurns() {
  let turns = 0;
  /** @type {number} */
  let timer;
  const turn = () => {
    turns++;
    timer = setTimeout(turn);
  };
  turn();
  return {
    /** The turns since it was last asked. */
    take() {
      const taken = turns;
      turns = 0;
      return taken;
    },
    stop: () => clearTimeout(timer),
  };
}

/** What the camera sees. */
async function playCamera() {
  const tracks = await navigator.mediaDevices.getUserMedia({ video: true });
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = tracks;
  await video.play();
  return {
    video,
    stop() {
      for (const track of tracks.getTracks()) track.stop();
    },
  };
}

/** Bytes that the page and its workers hold, after a collection of garbage. @returns {Promise<number>} */
async function measureMemory() {
  const { bytes } = await Reflect.apply(
    Reflect.get(performance, "measureUserAgentSpecificMemory"),
    performance,
    [],
  );
  return bytes;
}

/**
 * Segments frames of a playing video of 160 x 120.
 *
 * @param {number} count
 * @param {{ model: string; smoothing: number; camera?: boolean; measureAt?: number }} options
 */
async function streamFrames(count, { model, smoothing, camera = false, measureAt }) {
  await using segmenter = await Segmenter.load(model, { device: "wasm" });
  const { video, stop } = await (camera ? playCamera() : playSquare());
  /** @type {number[]} */
  const tasks = [];
  const observer = new PerformanceObserver((list) =>
    tasks.push(...list.getEntries().map(({ duration }) => duration)),
  );
  observer.observe({ type: "longtask" });
  const loop = countTurns();
  /** @type {number[]} */
  const turns = [];
  /** @type {number[]} */
  const timestamps = [];
  /** @type {number[]} */
  const memory = [];
  /** @type {number[]} */
  const inference = [];
  let dropped = 0;
  let sizes = true;
  /** @type {ImageBitmap | undefined} */
  let last;
  for await (const result of segmenter.stream(video, { smoothing })) {
    turns.push(loop.take());
    timestamps.push(result.timestamp);
    inference.push(result.segmentation.timing.inference);
    dropped += result.dropped;
    sizes &&= result.segmentation.labels.length === 160 * 120 && result.frame.width === 160;
    // The one before was closed.
    sizes &&= last === undefined || last.width === 0;
    last = result.frame;
    if (timestamps.length === measureAt) memory.push(await measureMemory());
    if (timestamps.length === count) break;
  }
  if (measureAt) memory.push(await measureMemory());
  const longestTask = Math.max(0, ...tasks);
  await blockPage(100);
  observer.disconnect();
  loop.stop();
  stop();
  // Long tasks are told of at all: the last was made on purpose.
  return {
    timestamps,
    dropped,
    sizes,
    longestTask,
    turns,
    observed: Math.max(0, ...tasks) >= 100,
    inference,
    memory,
  };
}

/** Paints frames of a video. @param {number} count @returns how many bitmaps the page closed meanwhile */
async function countClosed(count) {
  await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const { video, stop } = await playSquare();
  const { close } = ImageBitmap.prototype;
  let closed = 0;
  ImageBitmap.prototype.close = function () {
    closed++;
    close.call(this);
  };
  const painted = segmenter.paint(video);
  for (let frame = 0; frame < count; frame++) await painted.next();
  ImageBitmap.prototype.close = close;
  await painted.return();
  stop();
  return closed;
}

/**
 * What was taught last.
 *
 * @type {import("../../src/web.ts").TaughtModel | undefined}
 */
let taught;

/**
 * Teaches strokes on raw pictures, bytes in base64.
 *
 * @param {{ picture: SentRaster; labels: SentRaster }[]} samples
 * @param {TeachOptions & { abortAt?: number; throwAt?: number }} options
 *
 * @typedef {{ width: number; height: number; data: string }} SentRaster
 *
 * @typedef {Omit<import("../../src/web.ts").FineTuneOptions, "samples">} TeachOptions
 */
async function teach(samples, { abortAt, throwAt, ...options }) {
  /** @type {number[]} */
  const losses = [];
  /** @type {number[]} */
  const turns = [];
  /** Milliseconds from the call to each step. @type {number[]} */
  const times = [];
  const start = performance.now();
  /** @type {string[]} */
  const notes = [];
  let models = 0;
  /** Of the first sample's picture. @type {string[]} */
  const previews = [];
  const stopping = new AbortController();
  const loop = countTurns();
  /** @param {SentRaster} raster */
  const unpack = ({ width, height, data }) => ({ width, height, data: fromBase64(data) });
  try {
    taught = await fineTune({
      ...options,
      samples: samples.map(({ picture, labels }) => ({ picture: unpack(picture), labels: unpack(labels) })),
      signal: stopping.signal,
      onNote: (text) => notes.push(text),
      onProgress({ step, loss }) {
        losses.push(loss);
        turns.push(loop.take());
        times.push(performance.now() - start);
        if (step === abortAt) stopping.abort(new Error("enough"));
        if (step === throwAt) throw new Error("the page's own");
      },
      onModel() {
        models++;
      },
      previews: samples.slice(0, 1).map(({ picture }) => unpack(picture)),
      onPreview: ([first]) => void previews.push(first ? toBase64(first.data) : ""),
    });
  } finally {
    loop.stop();
  }
  times.push(performance.now() - start);
  return {
    losses,
    turns,
    times,
    notes,
    models,
    previews,
    model: toBase64(taught.bytes),
    description: taught.description,
  };
}

/** Segments a raw picture with what was taught last. @param {SentRaster} photo @param {string} device */
async function segmentTaught({ width, height, data }, device) {
  await using segmenter = await Segmenter.load(taught?.toBlob(), {
    device: device === "webgpu" ? device : "wasm",
  });
  return summarize(await segmenter.segment({ width, height, data: fromBase64(data) }));
}

/**
 * Writes what was taught last, or a model by name, as ONNX; bytes in base64.
 *
 * @param {import("../../src/web.ts").ExportOnnxOptions} options
 * @param {string} [model]
 */
async function exportTaught(options, model) {
  const file = await exportOnnx(model ?? taught?.toBlob() ?? "", options);
  return toBase64(new Uint8Array(await file.arrayBuffer()));
}

/** Milliseconds of forward passes of what was taught last, without the first. @param {SentRaster} photo */
async function timeTaught({ width, height, data }, passes = 5) {
  await using segmenter = await Segmenter.load(taught?.toBlob(), { device: "wasm" });
  const photo = { width, height, data: fromBase64(data) };
  const times = [];
  for (let pass = 0; pass <= passes; pass++) times.push((await segmenter.segment(photo)).timing.inference);
  return times.slice(1);
}

/** Whether results come while the page is hidden, and after it is shown again. */
async function streamHidden() {
  await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const { video, stop } = await playSquare();
  const ending = new AbortController();
  const results = segmenter.stream(video, { signal: ending.signal });
  await results.next();
  setHidden(true);
  let arrived = false;
  const next = results.next().then(() => {
    arrived = true;
  });
  for (let frame = 0; frame < 10; frame++)
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  const whileHidden = arrived;
  setHidden(false);
  await next;
  const pending = results.next().catch((/** @type {unknown} */ error) => error);
  ending.abort(new Error("enough"));
  const end = await pending;
  stop();
  return { whileHidden, end: end instanceof Error ? end.message : end };
}

/** @param {boolean} hidden */
function setHidden(hidden) {
  Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}

/**
 * Loads, segments and disposes of a segmenter again and again.
 *
 * @param {number} times
 * @param {LoadOptions} options
 */
async function restart(times, options) {
  const counts = new Set();
  for (let round = 0; round < times; round++) {
    const segmenter = await Segmenter.load("camvid-ndnet45", options);
    const { labels } = await segmenter.segment(new ImageData(32, 24));
    counts.add(labels.length);
    await segmenter.dispose();
  }
  return [...counts];
}

/** What becomes of questions when the segmenter is disposed of. */
async function disposeEarly() {
  const segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const pending = segmenter
    .segment(new ImageData(32, 24))
    .catch((/** @type {Error} */ error) => error.message);
  await segmenter.dispose();
  await segmenter.dispose();
  const later = segmenter.segment(new ImageData(32, 24)).catch((/** @type {Error} */ error) => error.message);
  return [await pending, await later];
}

/** What `auto` chooses here, and what an aborted load gives. */
async function abortLoad() {
  const segmenter = await Segmenter.load("camvid-ndnet45");
  const { device, deviceNote } = segmenter;
  await segmenter.dispose();
  const ending = new AbortController();
  const loading = Segmenter.load("camvid-ndnet45", { device: "wasm", signal: ending.signal });
  ending.abort(new Error("enough"));
  const error = await loading.catch((/** @type {unknown} */ thrown) => thrown);
  return {
    device,
    software: deviceNote.endsWith("its adapter is one in software"),
    reason: error instanceof Error ? error.message : error,
  };
}

/** How many results come of a video that ends after the second. */
async function streamToEnd() {
  await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const { video, stop } = await playSquare();
  let results = 0;
  for await (const _ of segmenter.stream(video)) if (++results === 2) stop();
  return results;
}

/** Puts other bytes in the place of every model that is kept. */
async function spoilCache() {
  const cache = await caches.open("lightseg-models");
  for (const key of await cache.keys())
    if (key.url.includes("/lightseg-model/")) await cache.put(key, new Response("spoiled"));
}

/**
 * Segments a photo by its address.
 *
 * @param {string} address
 * @param {LoadOptions} options
 */
async function segmentAddress(address, options) {
  await using segmenter = await Segmenter.load(undefined, options);
  return summarize(await segmenter.segment(address));
}

Object.assign(globalThis, {
  segmentAddress,
  spoilCache,
  abortLoad,
  streamToEnd,
  segmentPhotos,
  segmentAllKinds,
  segmentFaulty,
  streamFrames,
  segmentTaught,
  exportTaught,
  timeTaught,
  teach,
  countClosed,
  paintPhoto,
  changePicture,
  paintedSize,
  streamHidden,
  restart,
  disposeEarly,
  tryLoad,
  loadTogether,
  segmentForbidden,
  loadWrongly,
  loadFailing,
  loseDevice,
  listCached,
  clearCache,
  listModels,
  isIsolated: () => crossOriginIsolated,
});
