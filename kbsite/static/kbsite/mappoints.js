// The points of the map, column by column as kbsite/fieldplot.py packs them, and questions about them.

export const LISTED = 0;

export const decode = (buffer) => {
  const [left, right, bottom, top] = new Float32Array(buffer, 0, 4);
  const size = (buffer.byteLength - 16) / 13;
  let at = 16;
  const column = (Kind) => {
    const found = new Kind(buffer, at, size);
    at += size * Kind.BYTES_PER_ELEMENT;
    return found;
  };
  const papers = column(Uint32Array);
  const steps = [column(Uint16Array), column(Uint16Array)];
  const [x, y] = [new Float32Array(size), new Float32Array(size)];
  for (let i = 0; i < size; i++) {
    x[i] = left + (steps[0][i] / 65535) * (right - left);
    y[i] = bottom + (steps[1][i] / 65535) * (top - bottom);
  }
  const [year, category, standing] = [column(Int16Array), column(Uint8Array), column(Uint8Array)];
  return { size, papers, x, y, year, category, standing, shown: new Uint8Array(size).fill(1), chosen: new Uint8Array(size) };
};

// Mark the points that are asked for as shown; return how many papers they are.
export const filter = (points, { category, standings, year, found }) => {
  const papers = new Set();
  for (let i = 0; i < points.size; i++) {
    const fits =
      (category === null || points.category[i] === category) &&
      (standings === null || standings.includes(points.standing[i])) &&
      (year === null || points.year[i] === year) &&
      (found === null || found.has(points.papers[i]));
    points.shown[i] = fits ? 1 : 0;
    if (fits) papers.add(points.papers[i]);
  }
  return papers.size;
};

// The point nearest to a place, within a reach; -1 if there is none. A listed one counts as if it were nearer.
export const nearest = (points, x, y, reach) => {
  let best = -1;
  let least = reach * reach;
  for (let i = points.size - 1; i >= 0; i--) {
    if (!points.shown[i]) continue;
    const [dx, dy] = [points.x[i] - x, points.y[i] - y];
    const apart = (dx * dx + dy * dy) * (points.standing[i] === LISTED ? 0.5 : 1);
    if (apart < least) [best, least] = [i, apart];
  }
  return best;
};

// The next point from another one in a direction (a unit step): what lies aside counts twice; -1 if nothing is there.
export const onward = (points, from, stepX, stepY) => {
  let best = -1;
  let least = Infinity;
  for (let i = 0; i < points.size; i++) {
    if (!points.shown[i] || points.papers[i] === points.papers[from]) continue;
    const [dx, dy] = [points.x[i] - points.x[from], points.y[i] - points.y[from]];
    const ahead = dx * stepX + dy * stepY;
    const aside = Math.abs(dx * stepY - dy * stepX);
    if (ahead <= 0 || aside > ahead) continue;
    const far = ahead + 2 * aside;
    if (far < least) [best, least] = [i, far];
  }
  return best;
};

// Choose the shown points within a polygon of [x, y], beside those chosen already if `adding`.
export const choose = (points, polygon, adding) => {
  if (!adding) points.chosen.fill(0);
  for (let i = 0; i < points.size; i++) {
    if (points.shown[i] && isWithin(points.x[i], points.y[i], polygon)) points.chosen[i] = 1;
  }
};

const isWithin = (x, y, polygon) => {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[ax, ay], [bx, by]] = [polygon[i], polygon[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
};
