import { onceDrawn } from "../drawn";
import { Store } from "../stores";
import { picture, type Picture } from "./picture";

/**
 * The picture for what is slow to draw: map, unit list, overview. It follows `picture` when that is on the screen, so
 * that an alarm's banner never waits for 2,000 marks.
 */
export const scene = new Store<Picture>(picture.get());

let following = false;

picture.subscribe(() => {
  if (!scene.get().known) scene.set(picture.get()); // the first: nothing is on the screen yet
  if (following) return;
  following = true;
  onceDrawn(() => {
    following = false;
    scene.set(picture.get());
  });
});
