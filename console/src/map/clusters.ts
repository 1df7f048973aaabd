/** Things on the map that are drawn as one, far out. Coordinates are the map's, in metres. */
export interface Placed {
  x: number;
  y: number;
}

export interface Cluster<T extends Placed> extends Placed {
  members: T[];
}

/** As many together are one mark with a number; fewer are drawn one by one. */
const AT_LEAST = 3;

/**
 * Things in one cell of a grid, together at their middle; a cluster then takes in what lies nearer to it than
 * `apartM`, so that no number covers another. The grid lies fast on the ground: moving the map changes nothing.
 * Returns the clusters, and what is left alone.
 */
export function clustered<T extends Placed>(
  things: Iterable<T>, cellM: number, apartM: number,
): { clusters: Cluster<T>[]; single: T[] } {
  const cells = new Map<number, T[]>();
  for (const thing of things) {
    const key = Math.floor(thing.x / cellM) * 0x100000 + Math.floor(thing.y / cellM);
    const there = cells.get(key);
    if (there) there.push(thing);
    else cells.set(key, [thing]);
  }
  const groups = [...cells.values()].sort((a, b) => b.length - a.length).map(middle);
  const clusters: Cluster<T>[] = [];
  const single: T[] = [];
  for (const group of groups) {
    const near = clusters.find((other) => Math.hypot(other.x - group.x, other.y - group.y) < apartM);
    if (near) near.members.push(...group.members);
    else if (group.members.length >= AT_LEAST) clusters.push(group);
    else single.push(...group.members);
  }
  return { clusters, single };
}

function middle<T extends Placed>(members: T[]): Cluster<T> {
  let [x, y] = [0, 0];
  for (const member of members) {
    x += member.x;
    y += member.y;
  }
  return { x: x / members.length, y: y / members.length, members };
}
