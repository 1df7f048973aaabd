/** Turns a bright map dark and quiet: light and dark change places, colours keep their hue and lose most of it. */
const OF_DRAWING = "invert(0.9) hue-rotate(180deg) saturate(0.45) brightness(0.82) contrast(0.9)";
/** A picture from the air is only dimmed: turned around it could not be read. */
const OF_PHOTO = "brightness(0.55) saturate(0.7)";

/** Once a tile, as it comes: a filter over the whole map would be worked out again for every frame. */
export function darkened(tile: ImageBitmap): ImageBitmap | HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = tile.width;
  canvas.height = tile.height;
  const pen = canvas.getContext("2d");
  if (!pen) return tile;
  pen.filter = isPhoto(tile, pen) ? OF_PHOTO : OF_DRAWING;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(tile, 0, 0);
  tile.close();
  return canvas;
}

/** Maps are bright, pictures from the air are not. An overlay of names is mostly clear, and counts as a drawing. */
function isPhoto(tile: ImageBitmap, pen: CanvasRenderingContext2D): boolean {
  pen.drawImage(tile, 0, 0, 8, 8);
  const { data } = pen.getImageData(0, 0, 8, 8);
  let [light, solid] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    if ((data[i + 3] ?? 0) < 200) continue;
    solid += 1;
    light += ((data[i] ?? 0) + (data[i + 1] ?? 0) + (data[i + 2] ?? 0)) / 3;
  }
  return solid > 48 && light / solid < 140;
}
