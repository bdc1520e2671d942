// SPDX-License-Identifier: BSD-2-Clause
// Numbers in words, as the dashboard writes them (src/stats/units.c). What is not known is "?".
export const known = (value) => typeof value === "number" && Number.isFinite(value);

// "42", "8.02k", "22.31M", "310.4k"; with a unit a blank before the two: "10.70 Gb/s"
export function si(value, unit = "") {
	const prefixes = ["", "k", "M", "G", "T", "P", "E"];
	let step = 0;
	if (!known(value))
		return "?";
	for (let limit = 999.5; Math.abs(value) >= limit && step < 6; limit = 999.95) {
		value /= 1000;
		step++;
	}
	const digits = step ? value.toFixed(Math.abs(value) < 99.995 ? 2 : 1) : value.toFixed(0);
	return digits + (unit ? " " : "") + prefixes[step] + unit;
}

export const count = (value) =>
	known(value) ? String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",") : "?";
export const pps = (value) => si(value, "pps");
export const bps = (value, bytes) => (bytes ? si(known(value) ? value / 8 : value, "B/s") : si(value, "b/s"));
export const percent = (value) => (known(value) ? value.toFixed(1) + " %" : "?");

// "127ns", "1.91us", "48.0ms", "12.5s"
export function ns(value) {
	const units = ["ns", "us", "ms", "s"];
	let step = 0;
	if (!known(value))
		return "?";
	while (value >= 999.5 && step < 3) {
		value /= 1000;
		step++;
	}
	return (step ? value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0) : String(Math.round(value))) + units[step];
}

// An edge of a histogram's group: "200ns", "5us"
export function edge(value) {
	const units = ["ns", "us", "ms", "s"];
	let step = 0;
	for (; value >= 1000 && step < 3; step++)
		value /= 1000;
	return value + units[step];
}

export function duration(seconds) {
	if (!known(seconds))
		return "?";
	const two = (value) => String(Math.floor(value)).padStart(2, "0");
	const days = Math.floor(seconds / 86400);
	return (days ? days + "d " : "") + two((seconds / 3600) % 24) + ":" + two((seconds / 60) % 60) + ":" + two(seconds % 60);
}

// By a figure's unit and name.
export function figure(value, name) {
	if (name.endsWith("_ns"))
		return ns(value);
	return known(value) && !Number.isInteger(value) ? si(value) : count(value);
}
