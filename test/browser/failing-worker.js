// A worker that ends with an error instead of segmenting: its listener comes before the worker's own.
import "./fail-to-segment.js";
import "/dist/assets/wasm-worker.js";
