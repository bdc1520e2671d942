// SPDX-License-Identifier: BSD-2-Clause
// Queues, services, latencies and drops of a snapshot. Nothing here knows a service: figures and tables of its own
// come with their names.
import * as format from "./format.js";
import { changeService, mayChange } from "./controls.js";
import { element, keep, table, text } from "./tables.js";

const $ = (id) => document.getElementById(id);
let reasons = {}; // of drops: {rx_ring_full: {meaning, advice}}
fetch("api/v1/reasons").then((answer) => answer.json()).then((answer) => { reasons = answer; }, () => {});

export const resolve = (snapshot, path) => path.split(".").reduce((at, key) => at?.[key], snapshot);

const sum = (drops) => Object.values(drops).reduce((all, one) => all + (one ?? 0), 0);
const isBad = (row) => row.state !== "running" && row.state !== "starting";

// A column that shows one value of a row, which is at row.path in the snapshot.
const value = (title, key, write, more = {}) => ({
	title, path: (row) => `${row.path}.${key}`, write: (row) => write(resolve(row, `at.${key}`)), ...more,
});

function queueRows(snapshot) {
	return snapshot.interfaces.flatMap((interface_, i) => interface_.queues.map((at, k) => ({
		key: `${interface_.name} ${at.queue}`, path: `interfaces.${i}.queues.${k}`, at, state: at.state,
		interface: interface_.name,
	})));
}

function drawQueues(snapshot, { rate }) {
	const basic = snapshot.stats_level === "basic", debug = snapshot.stats_level === "debug";
	table($("table-queues"), [
		{ title: "Interface", kind: "text", write: (row) => row.interface },
		value("Queue", "queue", format.count),
		value("CPU", "cpu", (cpu) => (cpu === null ? "-" : String(cpu))),
		value("State", "state", String, { kind: "text", bad: isBad }),
		value("RX/s", "rx_pps", format.si), value("TX/s", "tx_pps", format.si), value("Rate", "rx_bps", rate),
		value("RX", "rx_packets", format.count), value("TX", "tx_packets", format.count),
		value("Passed", "pass_packets", format.count),
		{ title: "Dropped", write: (row) => format.count(sum(row.at.drop)) },
		...(basic ? [] : [value("Busy", "busy_percent", format.percent), value("p50", "latency_ns.p50", format.ns),
			value("p99", "latency_ns.p99", format.ns)]),
		...(debug ? [value("RX ring", "rx_ring", format.count), value("TX ring", "tx_ring", format.count),
			value("Fill", "fill_ring", format.count), value("Wakeups", "wakeups", format.count)] : []),
	], queueRows(snapshot));
}

const serviceRows = (snapshot) => snapshot.services.map((at, i) =>
	({ key: at.name, path: `services.${i}`, at, state: at.state }));

// A button that pauses a service, or has it go on, while that is allowed.
function drawSwitch({ at: service }, cell) {
	const paused = service.state === "paused";
	if (!cell.firstChild) {
		cell.append(element("button"));
		cell.firstChild.addEventListener("click", (event) =>
			changeService(event.target.dataset.service, event.target.dataset.state));
	}
	const button = cell.firstChild;
	button.dataset.service = service.name;
	button.dataset.state = paused ? "running" : "paused";
	button.setAttribute("aria-label", `${paused ? "Resume" : "Pause"} ${service.name}`);
	button.disabled = !mayChange();
	text(button, paused ? "Resume" : "Pause");
}

function drawServices(snapshot, { rate }) {
	const basic = snapshot.stats_level === "basic";
	table($("table-services"), [
		value("Service", "name", String, { kind: "text" }), value("Type", "type", String, { kind: "text" }),
		value("State", "state", String, { kind: "text", bad: isBad }),
		{ title: "Switch", kind: "text", node: drawSwitch },
		value("In/s", "rx_pps", format.si), value("Out/s", "tx_pps", format.si), value("Rate", "rx_bps", rate),
		value("In", "rx_packets", format.count), value("Out", "tx_packets", format.count),
		value("Delivered", "delivered_packets", format.count),
		{ title: "Dropped", write: (row) => format.count(sum(row.at.drop)) },
		...(basic ? [] : [value("p50", "latency_ns.p50", format.ns), value("p99", "latency_ns.p99", format.ns)]),
		{ title: "Path", kind: "long", write: (row) => row.at.interfaces.map((one) => `${one.name}: ${one.path}`).join(", ") },
	], serviceRows(snapshot));
	drawFigures(snapshot);
}

// Figures and tables of a service's own.
function drawFigures(snapshot) {
	const has = serviceRows(snapshot).filter(({ at }) =>
		Object.keys(at.figures ?? {}).length || Object.values(at.tables ?? {}).some((rows) => rows.length));
	keep($("figures"), has.map((row) => row.key), (name) => element("div", {}, element("h3", {}, name),
		element("dl", { class: "figures" }), element("div", { class: "tables" }))).forEach((place, i) => {
		const row = has[i], names = Object.keys(row.at.figures);
		keep(place.children[1], names, (name) => element("div", {}, element("dt", {}, name.replaceAll("_", " ")),
			element("dd"))).forEach((pair, k) => {
			pair.lastChild.dataset.path = `${row.path}.figures.${names[k]}`;
			text(pair.lastChild, format.figure(row.at.figures[names[k]], names[k]));
		});
		drawOwnTables(place.lastChild, row);
	});
}

function drawOwnTables(place, { at: service, path: base }) {
	const names = Object.keys(service.tables).filter((name) => service.tables[name].length);
	keep(place, names, () => element("div", { class: "scroll" }, element("table"))).forEach((box, i) => {
		const rows = service.tables[names[i]], [label, ...columns] = Object.keys(rows[0]);
		const path = `${base}.tables.${names[i]}`;
		table(box.firstChild, [
			{ title: names[i].replaceAll("_", " "), kind: "text", write: (row) => row.key },
			...columns.map((column) => value(column.replaceAll("_", " "), column, (one) => format.figure(one, column))),
		], rows.map((at, k) => ({ key: at[label], path: `${path}.${k}`, at })));
	});
}

function drawHistogram(place, { at: service, path: base }) {
	const latency = service.latency_ns, groups = service.latency_histogram ?? [];
	const most = Math.max(...groups.map((group) => group.packets), 1);
	const figures = ["p50", "p90", "p99", "p999", "max", "mean"];
	if (!place.firstChild)
		place.append(element("p"), element("dl", { class: "figures" }), element("div", { class: "bars" }));
	text(place.children[0], `${service.name}: ${latency.what}, ${latency.sampled === "1/1" ? "all packets" : latency.sampled + " of the packets"}, ` +
		`${format.count(latency.count)} since the start`);
	keep(place.children[1], figures, (name) => element("div", {}, element("dt", {}, name === "p999" ? "p99.9" : name), element("dd")))
		.forEach((pair, i) => {
			pair.lastChild.dataset.path = `${base}.latency_ns.${figures[i]}`;
			text(pair.lastChild, format.ns(latency[figures[i]]));
		});
	keep(place.children[2], groups.map((group) => `${format.edge(group.from_ns)}–${format.edge(group.to_ns)}`), (key) =>
		element("div", { class: "bar" }, element("span", {}, key), element("i"), element("span"))).forEach((bar, i) => {
		const share = (100 * groups[i].packets) / latency.count;
		// by the square root, so that the tail is seen
		bar.children[1].style.width = `${100 * Math.sqrt(groups[i].packets / most)}%`;
		text(bar.children[2], share >= 0.01 ? `${share.toFixed(2)} %` : "<0.01 %");
		bar.title = `${format.count(groups[i].packets)} packets`;
		bar.dataset.packets = groups[i].packets;
	});
}

function drawLatency(snapshot) {
	const rows = serviceRows(snapshot).filter(({ at }) => at.latency_ns?.count);
	$("no-latency").hidden = rows.length > 0;
	text($("no-latency"), snapshot.stats_level === "basic" ? "Measured from level detailed on." : "No packet measured yet.");
	keep($("histograms"), rows.map((row) => row.key), () => element("div", { class: "histogram" }))
		.forEach((place, i) => drawHistogram(place, rows[i]));
}

function dropRows(snapshot) {
	return [...queueRows(snapshot), ...serviceRows(snapshot)].flatMap((row) =>
		Object.keys(row.at.drop).filter((reason) => row.at.drop[reason]).map((reason) => ({
			...row, key: `${row.key} ${reason}`, where: row.interface ? `${row.interface} queue ${row.at.queue}` : `service ${row.at.name}`,
			reason, dropPath: `${row.path}.drop.${reason}`,
		})));
}

function drawDrops(snapshot, before, { perSecond }) {
	const rows = dropRows(snapshot);
	$("no-drops").hidden = rows.length > 0;
	table($("table-drops"), [
		{ title: "Reason", kind: "text", write: (row) => row.reason },
		{ title: "Where", kind: "text", write: (row) => row.where },
		{ title: "Packets", path: (row) => row.dropPath, write: (row) => format.count(resolve(snapshot, row.dropPath)) },
		{ title: "A second", write: (row) => format.si(perSecond(snapshot, before, (one) => resolve(one, row.dropPath) ?? null)) },
		{ title: "What it means, and what to do", kind: "long", write: (row) =>
			(reasons[row.reason] ? `${reasons[row.reason].meaning}: ${reasons[row.reason].advice}` : "") },
	], rows);
	const top = rows.reduce((most, row) => (row.at.drop[row.reason] > (most?.at.drop[most.reason] ?? 0) ? row : most), null);
	text($("drop_top"), top ? top.reason : "none");
}

function drawInterfaces(snapshot) {
	keep($("interfaces"), snapshot.interfaces.map((one) => one.name), () => element("li")).forEach((line, i) => {
		const one = snapshot.interfaces[i];
		const parts = [one.driver, one.io, one.xdp && `${one.xdp} XDP`, one.zero_copy === true ? "zero copy" : one.zero_copy === false ? "copy mode" : "",
			one.mtu && `MTU ${one.mtu}`, one.state];
		text(line, `${one.name}: ${parts.filter(Boolean).join(", ")}${one.why ? ` (${one.why})` : ""}`);
		line.classList.toggle("state-bad", one.state !== "up");
	});
}

export function drawViews(snapshot, before, tools) {
	drawInterfaces(snapshot);
	drawQueues(snapshot, tools);
	drawServices(snapshot, tools);
	drawLatency(snapshot);
	drawDrops(snapshot, before, tools);
}
