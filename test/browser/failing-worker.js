// A worker that ends with an error when the test says so.
import "/dist/assets/wasm-worker.js";

new BroadcastChannel("test").onmessage = () => {
  throw new Error("on purpose");
};
