/** Opens the camera in a video element; the returned function turns it off again. */
export async function openCamera(): Promise<{ video: HTMLVideoElement; stop(): void }> {
  if (!navigator.mediaDevices) {
    throw new Error("The camera needs a secure page: https, or localhost.");
  }
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "environment" } })
    .catch((cause: unknown) => {
      throw new Error(explain(cause), { cause });
    });
  const video = await playSource((element) => {
    element.srcObject = stream;
  });
  return {
    video,
    stop() {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
  };
}

/** Plays a clip in a loop, without sound. */
export async function openClip(file: Blob): Promise<{ video: HTMLVideoElement; stop(): void }> {
  const url = URL.createObjectURL(file);
  const stop = () => URL.revokeObjectURL(url);
  try {
    const video = await playSource((element) => {
      element.src = url;
      element.loop = true;
    });
    return {
      video,
      stop() {
        video.pause();
        stop();
      },
    };
  } catch (cause) {
    stop();
    throw new Error("This browser cannot play that clip.", { cause });
  }
}

async function playSource(attach: (video: HTMLVideoElement) => void): Promise<HTMLVideoElement> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  attach(video);
  await video.play();
  return video;
}

function explain(cause: unknown): string {
  const name = cause instanceof DOMException ? cause.name : "";
  if (name === "NotAllowedError") {
    return "The camera was refused. Allow it in the browser's settings for this page, then press Camera again.";
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") return "No camera was found.";
  if (name === "NotReadableError") return "The camera is in use by another program.";
  return `The camera could not be opened: ${String(cause)}`;
}
