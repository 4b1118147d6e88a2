/** The most pixels that a photo or a mask may claim, unless the caller says otherwise: 64 megapixels. */
export const MAX_PIXELS = 64_000_000;
