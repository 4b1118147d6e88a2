// A worker that loses its graphics card; see lose-device.js.
import "./lose-device.js";
import "/dist/assets/webgpu-worker.js";
