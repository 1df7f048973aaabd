/** A larger picture is a decoder bomb or a mistake: it is not decoded. */
export const SIDE_MAX_PX = 4096;

/**
 * Width and height that a JPEG says it has; null for what no camera of ours makes: no JPEG, too large, or progressive, whose
 * many passes can keep a decoder busy for long.
 */
export function jpegSize(data: Uint8Array): { width: number; height: number } | null {
  if (data[0] !== 0xff || data[1] !== 0xd8) return null;
  for (let at = 2; at + 9 < data.length; ) {
    if (data[at] !== 0xff) return null;
    const marker = data[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xc0 || marker === 0xc1) {
      const [height, width] = [two(data, at + 5), two(data, at + 7)];
      return width > 0 && height > 0 && width <= SIDE_MAX_PX && height <= SIDE_MAX_PX ? { width, height } : null;
    }
    // Any other frame, or the picture's data before its frame.
    if ((marker >= 0xc2 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) || marker === 0xda || marker === 0xd9) return null;
    const length = two(data, at + 2);
    if (length < 2) return null;
    at += 2 + length;
  }
  return null;
}

function two(data: Uint8Array, at: number): number {
  return ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
}
