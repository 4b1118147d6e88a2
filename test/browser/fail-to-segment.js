addEventListener("message", (event) => {
  if (event.data.kind !== "segment") return;
  event.stopImmediatePropagation();
  throw new Error("on purpose");
});
