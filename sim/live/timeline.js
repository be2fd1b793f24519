// The timeline: months, measures as bars that are dragged to another date, shocks, headings, the month shown and the months lived.
const month = (m, words) => `${words.months[m % 12]} ${Math.floor(m / 12)}`;

export default {
  template: `<div class="timeline" tabindex="0" role="slider" :aria-valuemin="plan.start" :aria-valuemax="plan.end" :aria-valuenow="plan.shown"
      :aria-valuetext="name(plan.shown)" @keydown="key" style="position:relative;width:100%;user-select:none;outline-offset:-2px">
    <svg ref="svg" width="100%" :height="height" @pointerdown="down" @pointermove="move" @pointerup="up" style="display:block;touch-action:none">
      <rect v-for="(y,i) in years" :key="'y'+y" :x="pc(y*12)" y="0" :width="span(12)" :height="height" :fill="i%2?'var(--band)':'transparent'"/>
      <text v-for="y in years" :key="'t'+y" :x="pc(y*12)" dx="6" y="18" class="year">{{y}}</text>
      <rect :x="pc(plan.start)" y="24" :width="span(plan.lived-plan.start+1)" height="6" fill="var(--lived)"/>
      <g v-for="(s,i) in plan.shocks" :key="'s'+i"><rect :x="pc(Math.max(s.start,plan.start))" y="24" :width="span(Math.max(1,s.start+s.months-Math.max(s.start,plan.start)))" :height="height-24" fill="var(--shock)"/>
        <text :x="pc(Math.max(s.start,plan.start))" dx="4" :y="height-4" class="shock">{{s.label}}</text></g>
      <g v-for="(b,i) in bars" :key="b.id" :data-bar="b.id" :class="'bar '+b.kind" :style="{cursor:b.movable?'ew-resize':'pointer'}">
        <rect :x="pc(b.at)" :y="top(i)" :width="span(b.length)" :height="row-4" rx="4" :class="{chosen:b.id===plan.chosen}"><title>{{b.label}} · {{name(b.at)}}</title></rect>
        <text :x="pc(b.at)" dx="6" :y="top(i)+row-9" class="label">{{b.label}}</text></g>
      <g v-for="(t,i) in plan.targets" :key="'h'+i"><line :x1="pc(t.by+1)" :x2="pc(t.by+1)" y1="30" :y2="height" stroke="var(--heading)" stroke-width="2" stroke-dasharray="4 3"/></g>
      <text v-if="plan.targets.length" x="100%" dx="-8" y="45" text-anchor="end" class="heading">{{plan.targets.map(t => t.label).join(" · ")}}</text>
      <line :x1="pc(plan.shown+1)" :x2="pc(plan.shown+1)" y1="0" :y2="height" stroke="var(--now)" stroke-width="4"/>
    </svg></div>`,
  props: { plan: Object },
  data: () => ({ drag: null, row: 24 }),
  computed: {
    years() {
      const out = [];
      for (let y = Math.ceil(this.plan.start / 12); y <= this.plan.end / 12; y++) out.push(y);
      return out;
    },
    bars() {
      return this.plan.bars.map((b) => {
        const at = this.drag?.id === b.id ? this.drag.start : b.start, end = Math.min(at + b.months, this.plan.end + 1);
        return { ...b, at: Math.max(at, this.plan.start), length: Math.max(1, end - Math.max(at, this.plan.start)) };
      });
    },
    head() {
      return this.plan.targets.length ? 52 : 34;
    },
    height() {
      return Math.max(80, this.head + 2 + this.plan.bars.length * this.row);
    },
  },
  methods: {
    total() {
      return this.plan.end + 1 - this.plan.start;
    },
    pc(m) {
      return `${(100 * (m - this.plan.start)) / this.total()}%`;
    },
    span(n) {
      return `${(100 * n) / this.total()}%`;
    },
    top(i) {
      return this.head + i * this.row;
    },
    name(m) {
      return month(m, this.plan.words);
    },
    monthAt(e) {
      const box = this.$refs.svg.getBoundingClientRect();
      return this.plan.start + ((e.clientX - box.left) / box.width) * this.total();
    },
    down(e) {
      const g = e.target.closest("[data-bar]");
      e.target.setPointerCapture?.(e.pointerId);
      if (g) {
        const bar = this.plan.bars.find((b) => b.id === g.dataset.bar);
        this.drag = { id: bar.movable ? bar.id : null, pick: bar.id, from: this.monthAt(e), first: bar.start, start: bar.start, moved: false };
      } else this.drag = { seek: true };
      if (this.drag.seek) this.seek(e);
    },
    move(e) {
      if (!this.drag) return;
      if (this.drag.seek) return this.seek(e);
      const start = Math.round(this.drag.first + this.monthAt(e) - this.drag.from);
      if (start !== this.drag.first) this.drag.moved = true;
      this.drag.start = Math.min(Math.max(start, this.plan.shown + 1), this.plan.end);
    },
    up() {
      const d = this.drag;
      this.drag = null;
      if (!d || d.seek) return;
      if (d.moved && d.id && d.start !== d.first) this.$emit("moved", { id: d.id, start: d.start });
      else this.$emit("picked", d.pick);
    },
    seek(e) {
      const m = Math.min(Math.max(Math.floor(this.monthAt(e)), this.plan.start - 1), this.plan.lived);
      if (m !== this.asked) this.$emit("seek", (this.asked = m));
      setTimeout(() => (this.asked = null), 400);
    },
    key(e) {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 }[e.key];
      if (!step || e.shiftKey) return;
      e.preventDefault();
      e.stopPropagation();
      this.$emit("seek", Math.min(Math.max(this.plan.shown + step, this.plan.start - 1), this.plan.lived));
    },
  },
};
