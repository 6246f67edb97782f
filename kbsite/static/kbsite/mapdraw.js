// Draws the points into the pixels themselves: the same on every machine, whether it has a graphics card or not.
// Each kind of point is drawn once into a small stamp, and the stamp is laid upon the picture for every point.

import { LISTED } from "./mappoints.js";

const FAINT = [0.9, 0.6, 0.3, 0.18, 0.18, 0.18]; // by standing: how much of a point's colour is seen
const BESIDE = 0.25; // of that, while others are chosen

export class Painter {
  // `marks` are the legend's SVG marks, one for each category, in its shape and colour.
  constructor(canvas, marks) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.marks = marks;
    this.restyle();
  }

  restyle() {
    const own = getComputedStyle(this.canvas.parentElement);
    this.ground = rgb(own.backgroundColor);
    this.muted = getComputedStyle(document.querySelector(".map-faint")).fill;
    this.kinds = this.marks.map((mark) => ({ colour: getComputedStyle(mark).fill, shape: outline(mark.firstElementChild) }));
    this.kinds.push({ colour: this.muted, shape: dot() });
    this.stamps = new Map();
  }

  resize(width, height, ratio) {
    [this.width, this.height, this.ratio] = [Math.round(width * ratio), Math.round(height * ratio), ratio];
    [this.canvas.width, this.canvas.height] = [this.width, this.height];
    this.image = this.context.createImageData(this.width, this.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.stamps.clear();
  }

  // Draw what is shown of the points; `view` is { x, y, scale }: what is in the middle, and CSS pixels for a unit.
  draw(points, view, zoom, hasChosen) {
    const { width, height, pixels, ratio } = this;
    pixels.fill((255 << 24) | (this.ground[2] << 16) | (this.ground[1] << 8) | this.ground[0]);
    const narrow = Math.min(Math.max(width / ratio / 900, 0.65), 1);
    const grown = Math.min(1 + Math.log2(Math.max(zoom, 1)) / 5, 2) * narrow * ratio;
    const [listed, other] = [Math.round(9 * grown), Math.round(4 * grown)];
    const scale = view.scale * ratio;
    const [left, upper] = [width / 2 - view.x * scale, height / 2 + view.y * scale];
    const reach = listed;
    const { x, y, category, standing, shown, chosen } = points;
    const known = this.kinds.length - 1;
    for (let i = 0; i < points.size; i++) {
      if (!shown[i]) continue;
      const across = left + x[i] * scale;
      const down = upper - y[i] * scale;
      if (across < -reach || down < -reach || across > width + reach || down > height + reach) continue;
      const kind = Math.min(category[i], known);
      const size = standing[i] === LISTED ? listed : other;
      this.lay(this.stamp(kind, standing[i], size, hasChosen && !chosen[i]), across, down);
    }
    this.context.putImageData(this.image, 0, 0);
  }

  lay({ size, alpha, red, green, blue }, across, down) {
    const { width, height, pixels } = this;
    const [x0, y0] = [Math.round(across - size / 2), Math.round(down - size / 2)];
    const [from, to] = [Math.max(0, -x0), Math.min(size, width - x0)];
    for (let row = Math.max(0, -y0); row < Math.min(size, height - y0); row++) {
      let at = (y0 + row) * width + x0 + from;
      for (let own = row * size + from; own < row * size + to; own++, at++) {
        const a = alpha[own];
        if (a === 0) continue;
        const under = pixels[at];
        const b = 256 - a;
        const r = (red[own] * a + (under & 255) * b) >> 8;
        const g = (green[own] * a + ((under >> 8) & 255) * b) >> 8;
        const l = (blue[own] * a + ((under >> 16) & 255) * b) >> 8;
        pixels[at] = (255 << 24) | (l << 16) | (g << 8) | r;
      }
    }
  }

  stamp(kind, standing, size, isBeside) {
    const key = ((kind * 8 + standing) * 128 + size) * 2 + (isBeside ? 1 : 0);
    let found = this.stamps.get(key);
    if (!found) this.stamps.set(key, (found = this.made(kind, standing, size, isBeside)));
    return found;
  }

  made(kind, standing, size, isBeside) {
    const { colour, shape } = this.kinds[kind];
    const side = size + 2;
    const canvas = new OffscreenCanvas(side, side);
    const context = canvas.getContext("2d");
    context.globalAlpha = (FAINT[standing] ?? 0.18) * (isBeside ? BESIDE : 1);
    context.translate(1, 1);
    context.scale(size / 10, size / 10);
    context.fillStyle = colour;
    context.fill(standing === LISTED ? shape : dot());
    if (standing === LISTED) {
      context.globalAlpha = isBeside ? 0.1 : 0.9; // a rim tells points apart that lie upon each other
      context.strokeStyle = `rgb(${this.ground.join(" ")})`;
      context.lineWidth = 1;
      context.stroke(shape);
    }
    const { data } = context.getImageData(0, 0, side, side);
    const [alpha, red, green, blue] = [0, 0, 0, 0].map(() => new Uint16Array(side * side));
    for (let i = 0; i < side * side; i++) {
      [red[i], green[i], blue[i]] = data.subarray(i * 4, i * 4 + 3);
      alpha[i] = Math.round((data[i * 4 + 3] * 256) / 255);
    }
    return { size: side, alpha, red, green, blue };
  }
}

const dot = () => {
  const path = new Path2D();
  path.arc(5, 5, 4.6, 0, 7);
  return path;
};

const outline = (element) => (element.tagName === "path" ? new Path2D(element.getAttribute("d")) : dot());

const rgb = (text) => text.match(/[\d.]+/g).slice(0, 3).map((each) => Math.round(Number(each)));
