/** A video that plays, and how it is given up. */
export interface Playing {
  readonly video: HTMLVideoElement;
  stop(): void;
}

/**
 * Opens the camera in a video element.
 *
 * @param facing which of a phone's cameras
 * @throws Error that says what to do
 */
export async function openCamera(facing: "user" | "environment"): Promise<Playing> {
  if (!navigator.mediaDevices) {
    throw new Error("The camera needs a secure page: https, or localhost.");
  }
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: facing } })
    .catch((cause: unknown) => {
      throw new Error(explain(cause), { cause });
    });
  const stopTracks = () => {
    for (const track of stream.getTracks()) track.stop();
  };
  try {
    const video = await playSource((element) => {
      element.srcObject = stream;
    });
    return {
      video,
      stop() {
        stopTracks();
        video.srcObject = null;
      },
    };
  } catch (error) {
    stopTracks();
    throw error;
  }
}

/** Plays a clip in a loop, without sound. @throws Error that names the file */
export async function openClip(file: Blob): Promise<Playing> {
  const url = URL.createObjectURL(file);
  try {
    const video = await playSource((element) => {
      element.src = url;
      element.loop = true;
    });
    return {
      video,
      stop() {
        video.pause();
        video.removeAttribute("src");
        video.load();
        URL.revokeObjectURL(url);
      },
    };
  } catch (cause) {
    URL.revokeObjectURL(url);
    const name = file instanceof File ? `“${file.name}”` : "that clip";
    throw new Error(`This browser cannot play ${name} (${file.type || "of unknown type"}).`, { cause });
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
