// Loses the graphics card of this worker when the test says so.
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await requestDevice.apply(this, args);
  new BroadcastChannel("test").onmessage = () => device.destroy();
  return device;
};
