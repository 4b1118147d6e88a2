import { describeFormat } from "./file-format.ts";

/** Of pictures that have no size of their own, in pixels. */
const USUAL_SIDE = 1024;

/**
 * Opens a photo as far as the browser can: SVGs too, and JPEGs that end early.
 *
 * @throws Error that names the file and its format
 */
export async function openPhoto(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch (cause) {
    const picture = await openAsImage(file);
    if (picture) return picture;
    const { name, isPicture } = await describeFormat(file);
    const subject = file instanceof File ? `“${file.name}”` : "That file";
    throw new Error(
      isPicture
        ? `${subject} is a ${name} that is damaged: there is no picture in it.`
        : `${subject} is ${name}, which this browser does not open. Save it as JPEG or PNG first.`,
      { cause },
    );
  }
}

async function openAsImage(file: Blob): Promise<ImageBitmap | undefined> {
  // Only with its type does the browser take it for a picture.
  const typed = file.type ? file : new Blob([file], { type: (await describeFormat(file)).type });
  const url = URL.createObjectURL(typed);
  const image = new Image();
  const opened = new Promise<boolean>((resolve) => {
    image.addEventListener("load", () => resolve(true));
    image.addEventListener("error", () => resolve(false));
  });
  image.src = url;
  try {
    if (!(await opened)) return undefined;
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = new OffscreenCanvas(width || USUAL_SIDE, height || USUAL_SIDE);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.transferToImageBitmap();
  } finally {
    URL.revokeObjectURL(url);
  }
}
