// SPDX-License-Identifier: BSD-2-Clause
// History: the last ten minutes, a sample a second, drawn by uPlot.
import * as format from "./format.js";

const SAMPLES = 600;
const clock = (time) => new Date(time * 1000).toTimeString().slice(0, 8);
// "20 kpps", not "20.00 kpps"
const short = (words) => words.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
	// lines: [{label, color: "--rx"}]; write: a value in words
	constructor(id, lines, write) {
		this.place = document.getElementById(id);
		this.lines = lines;
		this.write = write;
		this.data = [[], ...lines.map(() => [])];
		new ResizeObserver(() => this.resize()).observe(this.place);
	}

	add(time, values) {
		this.data[0].push(time);
		values.forEach((value, i) => this.data[i + 1].push(format.known(value) ? value : null));
		if (this.data[0].length > SAMPLES)
			this.data.forEach((column) => column.shift());
	}

	size() {
		return { width: Math.max(this.place.clientWidth, 120), height: 190 };
	}

	resize() {
		if (this.plot && this.place.clientWidth)
			this.plot.setSize(this.size());
	}

	// Colours are taken when it is made: a new theme makes it anew.
	make() {
		const axis = { stroke: css("--dim"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") } };
		this.plot?.destroy();
		this.plot = new uPlot({
			...this.size(),
			cursor: { drag: { x: false, y: false } },
			scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.1, 10)] } },
			axes: [{ ...axis, space: 80, size: 34, values: (_, ticks) => ticks.map(clock) },
				{ ...axis, size: 72, values: (_, ticks) => ticks.map((tick) => short(this.write(tick))) }],
			series: [{ value: (_, time) => (time === null ? "-" : clock(time)) }, ...this.lines.map(({ label, color }) => ({
				label, stroke: css(color), width: 1.5, points: { show: false },
				value: (_, value) => (value === null ? "-" : this.write(value)),
			}))],
		}, this.data, this.place);
	}

	draw() {
		if (!this.plot)
			this.make();
		this.plot.setData(this.data);
	}
}
