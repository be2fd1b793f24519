// Puts citymap.js, an anywidget module, into the workshop's page: a model whose traits come from two routes of this server.
import citymap from "citymap";

export default {
  template: `<div style="width:100%;height:100%"></div>`,
  props: { inset: Number, look: Object, geometry: String, values: String },
  async mounted() {
    const traits = { look: this.look, inset: this.inset }, heard = {};
    this.traits = traits;
    const emit = this.$emit;
    this.model = {
      get: (name) => traits[name],
      set(name, value) {
        traits[name] = value;
        (heard[`change:${name}`] || []).forEach((f) => f());
      },
      on: (event, f) => (heard[event] ||= []).push(f),
      off: (event) => delete heard[event],
      save_changes: () => emit("district", traits.clicked),
      send() {},
    };
    this.stop = citymap.render({ model: this.model, el: this.$el });
    const answer = await fetch(this.geometry);
    if (answer.ok) this.model.set("geometry", await answer.arrayBuffer());
    this.refresh();
  },
  unmounted() {
    this.stop?.();
  },
  watch: {
    look() {
      this.model?.set("look", this.look);
    },
    values() {
      this.refresh();
    },
  },
  methods: {
    // one request at a time: a slow page skips months, it never queues them
    async refresh() {
      if (!this.values || !this.model) return;
      if (this.busy) {
        this.again = true;
        return;
      }
      this.busy = true;
      const address = this.values;
      try {
        const answer = await fetch(address);
        if (answer.ok) {
          const buffer = await answer.arrayBuffer(), n = new Uint32Array(buffer, 0, 4);
          let at = 16;
          const parts = [...n].map((k) => {
            const part = buffer.slice(at, at + 4 * k);
            at += 4 * k;
            return part;
          });
          [this.traits.districts, this.traits.lines, this.traits.firms] = parts.slice(1);
          this.model.set("links", parts[0]);
          this.$el.dataset.shown = address;
          this.$emit("drawn");
        }
      } finally {
        this.busy = false;
        if (this.again) {
          this.again = false;
          this.refresh();
        }
      }
    },
  },
};
