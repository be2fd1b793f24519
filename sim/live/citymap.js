// The city's map: one ES module in anywidget form. The same file serves the workshop's page and a notebook; no build step, no request.
//
// Streets are rasterised once per zoom into a buffer of link numbers; a refresh only looks colours up: colour = table[number[pixel]].
// So 110,000 links recolour as fast as 100, and the number under the pointer is the hover. Streets are widened by their value without
// drawing again: every pixel knows how far from its street's middle it lies, and shows the street only if that is wide enough.
//
// Traits read:  geometry (bytes, see sim/live/geometry.py), links, districts, lines (float32 bytes: a value of each), firms (float32 bytes:
//               posts, establishments and leading branch of every district, one after the other),
//               look (object: link, district {label, unit, low, high, palette, signed}, dark, transit, sites, labels, words, selected [numbers])
//               height (pixels; without it that of the element around it), inset (pixels at the top that something lies over)
// Traits written: clicked (number of the district clicked, -1 outside), counter (clicks so far)

const PALETTES = {
  // low to high on a light ground; on a dark ground they run the other way. All keep their order for colour-blind eyes (cividis, viridis,
  // inferno without its ends; PuOr for signed values).
  heat: ["#d9c9a3", "#f2b134", "#ed7d31", "#c8402f", "#8e1b4f", "#4b0f4d"],
  cool: ["#7a1f5c", "#b5446e", "#d98c5f", "#c9c07a", "#6fb0a4", "#2a6f97"],
  green: ["#c9c9c9", "#4fae9b", "#00594c"],
  cividis: ["#f4e9a6", "#d3c164", "#a69d75", "#7c7b78", "#575d6d", "#2f4470", "#00204d"],
  signed: ["#b35806", "#e08214", "#fdb863", "#e6e6ea", "#b2abd2", "#8073ac", "#542788"],
};
const DARK = {
  heat: ["#3b3550", "#6a2a6b", "#b8325f", "#ee6b3b", "#fbb43d", "#fdf3b0"],
  cool: ["#fdb45c", "#e0705f", "#a34d86", "#5f63a8", "#3f86b8", "#52b7c4"],
  green: ["#4a4f58", "#2f9e8a", "#8df0d4"],
  cividis: ["#1d2b4a", "#35456e", "#5d6475", "#84847b", "#aea371", "#d9c75c", "#fdea45"],
  signed: ["#fdae4a", "#d67a18", "#8a5a2a", "#454650", "#6a5fa0", "#9d8fe0", "#d0c8ff"],
};
const GROUND = { light: [246, 245, 241], dark: [16, 20, 27] };
const WATER = { light: [158, 197, 222], dark: [38, 66, 92] };
// kinds of transit line: metro, tram, bus, cable, rail
const LINES = { light: ["#a3006b", "#005f8f", "#5b6472", "#8a5a00", "#4b2e83"], dark: ["#ff9ad5", "#9fe3ff", "#8a94a6", "#ffe08a", "#c9b6ff"] };
// branches of the economy in five groups: land and works, industry and aeronautics, trade and hotels, information and business, public and other
const BRANCHES = [0, 1, 1, 0, 2, 2, 2, 3, 3, 4, 4]; // a group is called by its first
const FIRMS = { light: ["#7a5c00", "#b3261e", "#b35806", "#005f8f", "#4b2e83"], dark: ["#e0c26a", "#ff9a8f", "#ffb066", "#8fd0ff", "#c9b6ff"] };
const NONE = 0xffff, RIVER = 0xfffe;

const bytes = (v) => (v ? (v.buffer ? v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength) : v) : new ArrayBuffer(0));
const hex = (t) => [1, 3, 5].map((i) => parseInt(t.slice(i, i + 2), 16));
const pack = (r, g, b) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

export function ramp(name, dark) {
  const stops = ((dark ? DARK : PALETTES)[name] || PALETTES.heat).map(hex);
  return Array.from({ length: 256 }, (_, i) => {
    const x = (i / 255) * (stops.length - 1), k = Math.min(Math.floor(x), stops.length - 2), f = x - k;
    return stops[k].map((c, j) => Math.round(c + (stops[k + 1][j] - c) * f));
  });
}

export function parse(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const out = { ...head };
  const kinds = { f4: Float32Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array };
  for (const [name, kind, start, length] of head.arrays) out[name] = new kinds[kind](buffer, start, length);
  return out;
}

class CityMap {
  constructor(model, el) {
    Object.assign(this, { model, el, links: new Float32Array(0), districts: new Float32Array(0), lines: new Float32Array(0), firms: new Float32Array(0) });
    el.classList.add("city-map");
    el.style.cssText += "position:relative;overflow:hidden;width:100%;height:100%;min-height:200px;touch-action:none";
    this.canvas = el.appendChild(document.createElement("canvas"));
    this.over = el.appendChild(document.createElement("canvas"));
    this.tip = el.appendChild(document.createElement("div"));
    this.legend = el.appendChild(document.createElement("div"));
    for (const c of [this.canvas, this.over]) c.style.cssText = "position:absolute;left:0;top:0;transform-origin:0 0";
    this.over.style.pointerEvents = "none";
    this.legend.className = "legend";
    this.tip.style.cssText = "position:absolute;pointer-events:none;display:none;padding:.35em .6em;border-radius:.4em;font:600 17px system-ui,sans-serif;max-width:22em;z-index:3";
    this.legend.style.cssText = "position:absolute;left:12px;bottom:12px;padding:.5em .8em;border-radius:.5em;font:500 17px system-ui,sans-serif;z-index:2;pointer-events:none";
    this.el.tabIndex = 0;
    this.el.setAttribute("role", "application");
    this.view = null;
    this.refreshes = 0;
    this.listen();
  }

  // --- data ---------------------------------------------------------------------------------------------------------
  setGeometry(buffer) {
    if (!buffer.byteLength) return;
    this.geo = parse(buffer);
    this.view = null;
    this.resize();
  }
  setValues() {
    for (const name of ["links", "districts", "lines", "firms"]) this[name] = new Float32Array(bytes(this.model.get(name)));
    this.recolour();
    if (this.view) this.drawOver(); // lines and firms are as wide as their values, names keep clear of the legend
  }
  get look() {
    return this.model.get("look") || {};
  }

  // --- view ---------------------------------------------------------------------------------------------------------
  resize() {
    const w = Math.max(64, Math.round(this.el.clientWidth)), h = Math.max(64, Math.round(this.el.clientHeight));
    if (!this.geo || (this.view && this.w === w && this.h === h && this.ids)) return;
    this.w = w;
    this.h = h;
    for (const c of [this.canvas, this.over]) {
      c.width = w;
      c.height = h;
    }
    this.ids = new Int32Array(w * h);
    this.rank = new Uint8Array(w * h);
    this.ground = new Uint16Array(w * h);
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.image = this.context.createImageData(w, h);
    this.pixels = new Uint32Array(this.image.data.buffer);
    if (!this.view || !this.moved) this.home(); // nobody has chosen a part of it: all of it again
    else this.rasterise();
  }
  home() {
    const [x0, y0, x1, y1] = this.geo.box;
    const top = Math.min(this.model.get("inset") || 0, this.h / 3); // what lies over the map there
    const scale = Math.min(this.w / (x1 - x0), (this.h - top) / (y1 - y0)) * 0.98;
    this.view = { x: (x0 + x1) / 2, y: (y0 + y1) / 2 + top / 2 / scale, scale };
    this.least = scale * 0.7;
    this.moved = false;
    this.rasterise();
  }
  zoom(factor, px = this.w / 2, py = this.h / 2) {
    const v = this.view, next = Math.min(Math.max(v.scale * factor, this.least), 2);
    const wx = v.x + (px - this.w / 2) / v.scale, wy = v.y - (py - this.h / 2) / v.scale;
    v.x = wx - (px - this.w / 2) / next;
    v.y = wy + (py - this.h / 2) / next;
    v.scale = next;
    this.moved = true;
    this.later();
  }
  pan(dx, dy) {
    this.view.x -= dx / this.view.scale;
    this.view.y += dy / this.view.scale;
    this.moved = true;
    this.later();
  }
  later() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.rasterise();
    });
  }

  // --- once per zoom --------------------------------------------------------------------------------------------------
  rasterise() {
    const g = this.geo, { w, h, view } = this, clock = performance.now();
    if (!g) return;
    const s = view.scale, ox = w / 2 - view.x * s, oy = h / 2 + view.y * s;
    this.ids.fill(0);
    this.rank.fill(0);
    this.paintGround(ox, oy, s);
    // outer pixels first, middles last: no street's edge hides another street's middle
    const shown = (c) => c < 2 || s > 0.012 * 1;
    const half = [s > 0.05 ? 4 : s > 0.02 ? 3 : 2, s > 0.05 ? 3 : 2, s > 0.06 ? 2 : s > 0.03 ? 1 : 0];
    for (let r = 4; r >= 0; r--) {
      for (let c = 2; c >= 0; c--) if (r <= half[c]) this.paintLinks(c, r, half[c], ox, oy, s);
    }
    this.rasterSeconds = (performance.now() - clock) / 1000;
    this.recolour();
    this.drawOver();
  }
  paintGround(ox, oy, s) {
    const g = this.geo, { w, h, ground } = this, [x0, y0] = g.box, n = g.gridSide, cell = g.gridCell;
    const column = new Int32Array(w);
    for (let i = 0; i < w; i++) column[i] = Math.floor(((i - ox) / s - x0) / cell);
    for (let j = 0; j < h; j++) {
      const row = Math.floor(((oy - j) / s - y0) / cell), at = j * w;
      const inside = row >= 0 && row < n[1];
      for (let i = 0; i < w; i++) {
        const k = column[i];
        ground[at + i] = inside && k >= 0 && k < n[0] ? g.grid[row * n[0] + k] : NONE;
      }
    }
    const width = Math.max(1, Math.round(s * 60));
    for (let k = 0; k + 1 < g.waterX.length; k++) {
      if (g.waterEnd[k]) continue;
      this.line(g.waterX[k] * s + ox, oy - g.waterY[k] * s, g.waterX[k + 1] * s + ox, oy - g.waterY[k + 1] * s, (x, y) => {
        for (let dy = -width; dy <= width; dy++)
          for (let dx = -width; dx <= width; dx++) {
            const X = x + dx, Y = y + dy;
            if (X >= 0 && Y >= 0 && X < w && Y < h && dx * dx + dy * dy <= width * width) ground[Y * w + X] = RIVER;
          }
      });
    }
  }
  paintLinks(roadClass, rank, half, ox, oy, s) {
    const g = this.geo, { w, h, ids } = this, ranks = this.rank, side = s > 0.035 ? half * 0.5 + 0.5 : 0; // both ways apart when there is room
    const { first, count, shapeX, shapeY, reversed, edge, kind } = g;
    for (let l = 0; l < g.linkCount; l++) {
      if (kind[l] !== roadClass) continue;
      const a = first[edge[l]], n = count[edge[l]], back = reversed[l];
      for (let k = 0; k + 1 < n; k++) {
        const p = back ? a + n - 1 - k : a + k, q = back ? p - 1 : p + 1;
        let X0 = shapeX[p] * s + ox, Y0 = oy - shapeY[p] * s, X1 = shapeX[q] * s + ox, Y1 = oy - shapeY[q] * s;
        if ((X0 < -8 && X1 < -8) || (Y0 < -8 && Y1 < -8) || (X0 > w + 8 && X1 > w + 8) || (Y0 > h + 8 && Y1 > h + 8)) continue;
        const dx = X1 - X0, dy = Y1 - Y0, steps = Math.max(1, Math.ceil(Math.max(Math.abs(dx), Math.abs(dy))));
        const length = Math.hypot(dx, dy) || 1;
        const nx = -dy / length, ny = dx / length; // to the right of the way (screen's y runs down)
        const offsets = rank === 0 ? [0] : [-rank, rank];
        for (const o of offsets) {
          let x = X0 + nx * (side + o), y = Y0 + ny * (side + o);
          const sx = dx / steps, sy = dy / steps;
          for (let t = 0; t <= steps; t++, x += sx, y += sy) {
            const i = x | 0, j = y | 0;
            if (x >= 0 && y >= 0 && i < w && j < h) {
              const at = j * w + i;
              ids[at] = l + 1;
              ranks[at] = rank;
            }
          }
        }
      }
    }
  }
  line(x0, y0, x1, y1, dot) {
    if ((x0 < -200 && x1 < -200) || (y0 < -200 && y1 < -200) || (x0 > this.w + 200 && x1 > this.w + 200) || (y0 > this.h + 200 && y1 > this.h + 200)) return;
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) / 2));
    for (let t = 0; t <= steps; t++) dot(Math.round(x0 + ((x1 - x0) * t) / steps), Math.round(y0 + ((y1 - y0) * t) / steps));
  }

  // --- every refresh --------------------------------------------------------------------------------------------------
  tables() {
    const { look, geo } = this, dark = !!look.dark;
    const colours = (spec, values, n, soften) => {
      const table = ramp(spec?.signed ? "signed" : spec?.palette || "heat", dark), out = new Uint32Array(n), level = new Uint8Array(n);
      const low = spec?.low ?? 0, span = (spec?.high ?? 1) - low || 1, base = GROUND[dark ? "dark" : "light"];
      for (let i = 0; i < n; i++) {
        const v = values[i];
        const t = v === v && v !== undefined ? Math.max(0, Math.min(255, Math.round(((v - low) / span) * 255))) : -1;
        const c = t < 0 ? base : table[t];
        level[i] = t < 0 ? 0 : spec?.signed ? Math.abs(t - 127) * 2 : t;
        out[i] = pack(...(soften ? c.map((x, j) => Math.round(x * soften + base[j] * (1 - soften))) : c));
      }
      return [out, level];
    };
    const [link, level] = colours(look.link, this.links, geo.linkCount, 0);
    const [district] = colours(look.district, this.districts, geo.districtCount, look.link ? 0.55 : 0.95);
    const wide = new Uint8Array(geo.linkCount); // pixels either side of the middle
    for (let i = 0; i < wide.length; i++) wide[i] = level[i] > 200 ? 4 : level[i] > 140 ? 2 : level[i] > 70 ? 1 : 0;
    return { link, district, wide, ground: pack(...GROUND[dark ? "dark" : "light"]), water: pack(...WATER[dark ? "dark" : "light"]) };
  }
  recolour() {
    if (!this.geo || !this.ids) return;
    const { ids, rank, ground, pixels, look } = this, t = this.tables();
    const district = new Uint32Array(65536).fill(t.ground), plain = look.district && this.districts.length;
    if (plain) district.set(t.district);
    district[RIVER] = t.water;
    district[NONE] = t.ground;
    const { link, wide } = t, streets = !!look.link && this.links.length > 0, n = pixels.length;
    for (let p = 0; p < n; p++) {
      const id = ids[p];
      pixels[p] = id && streets && rank[p] <= wide[id - 1] ? link[id - 1] : district[ground[p]];
    }
    this.context.putImageData(this.image, 0, 0);
    this.refreshes++;
    this.drawLegend();
  }

  // --- lines, names, what is chosen -------------------------------------------------------------------------------------
  drawOver() {
    const g = this.geo, c = this.over.getContext("2d"), { look, view, w, h } = this, s = view.scale;
    const X = (x) => w / 2 + (x - view.x) * s, Y = (y) => h / 2 - (y - view.y) * s;
    c.clearRect(0, 0, w, h);
    const ink = look.dark ? "#e9edf3" : "#1b2230", halo = look.dark ? "rgba(16,20,27,.85)" : "rgba(255,255,255,.85)";
    if (look.transit) this.drawTransit(c, X, Y);
    if (look.sites) this.drawFirms(c, X, Y);
    for (const d of look.selected || []) {
      c.beginPath();
      c.arc(X(g.centreX[d]), Y(g.centreY[d]), Math.max(10, s * 500), 0, 2 * Math.PI);
      c.lineWidth = 4;
      c.strokeStyle = ink;
      c.stroke();
    }
    if (look.labels !== false) {
      c.font = `600 ${s > 0.05 ? 18 : 15}px system-ui,sans-serif`;
      c.textAlign = "center";
      const taken = [], { offsetLeft: left, offsetTop: top, offsetWidth: wide, offsetHeight: high } = this.legend;
      const covered = (px, py, half) => wide && px + half > left && px - half < left + wide && py + 6 > top && py - 18 < top + high;
      for (const [name, x, y] of g.labels) {
        const px = X(x), py = Y(y), half = c.measureText(name).width / 2 + 6;
        if (px < half || px > w - half || py < 20 || py > h - 20 || covered(px, py, half) || taken.some((t) => Math.abs(t[0] - px) < t[2] + half && Math.abs(t[1] - py) < 22)) continue;
        taken.push([px, py, half]);
        c.lineWidth = 4;
        c.strokeStyle = halo;
        c.strokeText(name, px, py);
        c.fillStyle = ink;
        c.fillText(name, px, py);
      }
    }
    if (g.synthetic) {
      c.font = "500 13px system-ui,sans-serif";
      c.textAlign = "right";
      c.fillStyle = ink;
      c.fillText(look.words?.synthetic || "synthetic streets", w - 12, h - 12);
    }
  }
  drawTransit(c, X, Y) {
    const g = this.geo, most = Math.max(1, ...this.lines), colours = LINES[this.look.dark ? "dark" : "light"];
    g.lineStops.forEach((stops, k) => {
      if (!this.runs(k)) return;
      c.beginPath();
      stops.forEach((p, i) => (i ? c.lineTo(X(p[0]), Y(p[1])) : c.moveTo(X(p[0]), Y(p[1]))));
      c.lineWidth = 1.5 + 8 * Math.sqrt((this.lines[k] || 0) / most);
      c.strokeStyle = colours[g.lineModes[k]];
      c.globalAlpha = g.lineModes[k] === 2 ? 0.45 : 0.95;
      c.stroke();
      c.globalAlpha = 1;
    });
  }
  runs(k) {
    return this.geo.lineStops[k].length > 1 && (!this.lines.length || this.lines[k] > 0);
  }
  drawFirms(c, X, Y) {
    const g = this.geo, n = g.districtCount, live = this.firms.length >= 3 * n, posts = live ? this.firms.subarray(0, n) : g.jobs;
    const most = Math.max(1, ...posts), { dark } = this.look, colours = FIRMS[dark ? "dark" : "light"];
    for (let d = 0; d < n; d++) {
      const r = 24 * Math.sqrt(Math.max(0, posts[d]) / most), x = X(g.centreX[d]), y = Y(g.centreY[d]);
      if (r < 1) continue;
      c.fillStyle = live && this.firms[2 * n + d] >= 0 ? colours[BRANCHES[this.firms[2 * n + d]]] : dark ? "#e9edf3" : "#1b2230";
      c.fillRect(x - r / 2, y - r / 2, r, r);
      c.lineWidth = 1;
      c.strokeStyle = dark ? "#10141b" : "#fff";
      c.strokeRect(x - r / 2, y - r / 2, r, r);
    }
  }
  drawLegend() {
    const { look } = this, words = look.words || {};
    const most = look.transit && this.lines.length ? Math.max(...this.lines) : 0;
    const n = this.geo.districtCount, posts = look.sites && this.firms.length >= 3 * n ? Math.max(...this.firms.subarray(0, n)) : 0;
    // a difference is none where no value would leave the middle of its scale
    const none = (spec, values) => spec?.signed && values.every((v) => !(Math.abs(v) > spec.high / 100));
    const same = [none(look.link, this.links), none(look.district, this.districts)];
    const key = JSON.stringify([look.link, look.district, look.dark, words.locale, most, posts, same]);
    if (key === this.legendKey) return;
    this.legendKey = key;
    const bar = (spec) => {
      const table = ramp(spec.signed ? "signed" : spec.palette, look.dark);
      const stops = [0, 51, 102, 153, 204, 255].map((i) => `rgb(${table[i]})`).join(",");
      return ["<div style='margin:.15em 0'>", "</div>", stops, spec];
    };
    const colon = words.colon || ": ";
    this.legend.textContent = "";
    this.legend.style.background = look.dark ? "rgba(16,20,27,.88)" : "rgba(255,255,255,.9)";
    this.legend.style.color = look.dark ? "#e9edf3" : "#1b2230";
    for (const [what, spec, nothing] of [[words.streets, look.link, same[0]], [words.districts, look.district, same[1]]]) {
      if (!spec) continue;
      const stops = bar(spec)[2], row = this.legend.appendChild(document.createElement("div"));
      row.style.margin = ".2em 0";
      const title = row.appendChild(document.createElement("div"));
      title.textContent = (what ? what + colon : "") + spec.label + (spec.unit === "-" ? "" : ` [${spec.unit}]`);
      if (nothing) {
        row.appendChild(document.createElement("div")).textContent = words.same || "no difference";
        continue;
      }
      const scale = row.appendChild(document.createElement("div"));
      scale.style.cssText = `height:10px;width:240px;border-radius:5px;background:linear-gradient(90deg,${stops})`;
      const ends = row.appendChild(document.createElement("div"));
      ends.style.cssText = "display:flex;justify-content:space-between;width:240px";
      for (const v of [spec.low, spec.high]) ends.appendChild(document.createElement("span")).textContent = number(v, words.locale);
    }
    const shade = look.dark ? "dark" : "light", modes = [...new Set(this.geo.lineModes)].sort();
    if (look.transit) this.keys(`${words.transit || "transit"} [${words.boardings || "boardings/day"}], ≤ ${number(most, words.locale)}`, modes.map((m) => [LINES[shade][m], words.modes?.[m] || m]));
    if (look.sites) {
      const groups = [...new Set(BRANCHES)].map((k) => [FIRMS[shade][k], words.sectors?.[BRANCHES.indexOf(k)] ?? k]);
      this.keys(`${words.sites || "firms"} [${words.jobs || "jobs"}], ≤ ${number(posts, words.locale)}`, groups);
    }
  }
  keys(title, entries) {
    const row = this.legend.appendChild(document.createElement("div"));
    row.style.cssText = "margin:.35em 0 .1em;max-width:360px";
    row.appendChild(document.createElement("div")).textContent = title;
    for (const [colour, name] of entries) {
      const one = row.appendChild(document.createElement("span"));
      one.style.cssText = "display:inline-block;margin-right:.8em;font-size:15px";
      one.appendChild(document.createElement("span")).style.cssText = `display:inline-block;width:.8em;height:.8em;margin-right:.3em;background:${colour}`;
      one.appendChild(document.createTextNode(name));
    }
  }

  // --- pointer and keys -------------------------------------------------------------------------------------------------
  at(x, y) {
    for (let r = 0; r < 4; r++)
      for (let dy = -r; dy <= r; dy++)
        for (let dx = -r; dx <= r; dx++) {
          const X = x + dx, Y = y + dy;
          if (X >= 0 && Y >= 0 && X < this.w && Y < this.h && this.ids[Y * this.w + X]) return this.ids[Y * this.w + X] - 1;
        }
    return -1;
  }
  district(x, y) {
    const d = this.ground ? this.ground[y * this.w + x] : NONE;
    return d >= RIVER ? -1 : d;
  }
  lineAt(x, y) {
    const { view: v, geo: g } = this, wx = v.x + (x - this.w / 2) / v.scale, wy = v.y - (y - this.h / 2) / v.scale;
    let best = -1, near = (7 / v.scale) ** 2;
    g.lineStops.forEach((stops, k) => {
      if (!this.runs(k)) return;
      for (let i = 0; i + 1 < stops.length; i++) {
        const [ax, ay] = stops[i], dx = stops[i + 1][0] - ax, dy = stops[i + 1][1] - ay;
        const f = Math.max(0, Math.min(1, ((wx - ax) * dx + (wy - ay) * dy) / (dx * dx + dy * dy || 1)));
        const far = (ax + f * dx - wx) ** 2 + (ay + f * dy - wy) ** 2;
        // of lines side by side the fuller one
        if (far <= near && (far < near * 0.8 || best < 0 || this.lines[k] > this.lines[best])) [best, near] = [k, Math.max(far, (3 / v.scale) ** 2)];
      }
    });
    return best;
  }
  hover(x, y) {
    const { look, geo, tip } = this, words = look.words || {}, colon = words.colon || ": ", l = look.link ? this.at(x, y) : -1, d = this.district(x, y);
    const parts = [], n = geo.districtCount, line = look.transit ? this.lineAt(x, y) : -1;
    if (line >= 0) parts.push(`${geo.lineNames[line]}${colon}${number(this.lines[line], words.locale)}\u00a0${words.boardings || "boardings/day"}`);
    if (look.sites && d >= 0 && this.firms.length >= 3 * n)
      parts.push(`${number(this.firms[d], words.locale)}\u00a0${words.jobs || "jobs"}, ${number(this.firms[n + d], words.locale)}\u00a0${words.establishments || "establishments"}` + (this.firms[2 * n + d] >= 0 ? ` · ${words.sectors?.[this.firms[2 * n + d]] ?? ""}` : ""));
    if (l >= 0 && this.links.length) parts.push(`${look.link.label}${colon}${number(this.links[l], words.locale)}\u00a0${look.link.unit}`);
    if (d >= 0) parts.push(geo.districtNames[d] + (look.district && this.districts.length ? ` · ${look.district.label}${colon}${number(this.districts[d], words.locale)}\u00a0${look.district.unit}` : ""));
    tip.style.display = parts.length ? "block" : "none";
    tip.textContent = "";
    for (const part of parts) tip.appendChild(document.createElement("div")).textContent = part;
    tip.style.background = look.dark ? "#e9edf3" : "#1b2230";
    tip.style.color = look.dark ? "#10141b" : "#fff";
    tip.style.left = Math.min(x + 14, this.w - 230) + "px";
    tip.style.top = Math.min(y + 14, this.h - 60) + "px";
  }
  listen() {
    const el = this.el, local = (e) => {
      const b = el.getBoundingClientRect();
      return [Math.round(e.clientX - b.left), Math.round(e.clientY - b.top)];
    };
    let drag = null;
    el.addEventListener("pointerdown", (e) => {
      drag = { at: local(e), moved: 0 };
      el.setPointerCapture?.(e.pointerId);
    });
    el.addEventListener("pointermove", (e) => {
      if (!this.view) return;
      const [x, y] = local(e);
      if (drag) {
        const dx = x - drag.at[0], dy = y - drag.at[1];
        drag.moved += Math.abs(dx) + Math.abs(dy);
        drag.at = [x, y];
        if (drag.moved > 4) this.pan(dx, dy);
      } else if (x >= 0 && y >= 0 && x < this.w && y < this.h) this.hover(x, y);
    });
    el.addEventListener("pointerup", (e) => {
      const click = drag && drag.moved <= 4, [x, y] = local(e);
      drag = null;
      if (!click || !this.view) return;
      this.model.set("clicked", this.district(x, y));
      this.model.set("counter", (this.model.get("counter") || 0) + 1);
      this.model.save_changes();
    });
    el.addEventListener("pointerleave", () => (this.tip.style.display = "none"));
    el.addEventListener("dblclick", () => this.view && this.home());
    el.addEventListener("wheel", (e) => {
      e.preventDefault();
      if (this.view) this.zoom(Math.exp(-e.deltaY * 0.0016), ...local(e));
    }, { passive: false });
    el.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[e.key];
      if (!this.view || e.ctrlKey || e.metaKey) return;
      if (step && e.shiftKey) this.pan(...step);
      else if (e.key === "+" || e.key === "=") this.zoom(1.4);
      else if (e.key === "-") this.zoom(1 / 1.4);
      else if (e.key === "0") this.home();
      else return;
      e.preventDefault();
      e.stopPropagation();
    });
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(el);
  }
  close() {
    this.observer.disconnect();
    this.el.textContent = "";
  }
}

export function number(v, locale) {
  if (!(v === v) || v === undefined) return "–";
  const size = Math.abs(v), rule = size >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return v.toLocaleString(locale || "en", rule).replace("-", "\u2212");
}

function render({ model, el }) {
  const map = new CityMap(model, el);
  el.cityMap = map;
  if (model.get("height")) el.style.height = `${model.get("height")}px`; // a notebook's cell has none of its own
  map.setGeometry(bytes(model.get("geometry")));
  map.setValues();
  model.on("change:geometry", () => map.setGeometry(bytes(model.get("geometry"))));
  for (const name of ["links", "districts", "lines", "firms"]) model.on(`change:${name}`, () => map.setValues());
  model.on("change:look", () => {
    map.recolour();
    if (map.view) map.drawOver();
  });
  return () => map.close();
}

export default { render };
