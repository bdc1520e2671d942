// SPDX-License-Identifier: BSD-2-Clause
// The page: takes a snapshot a second from the stream, and draws it.
import * as format from "./format.js";
import { Chart } from "./charts.js";
import { controls, showAccess } from "./controls.js";
import { drawViews, resolve } from "./views.js";
import { text } from "./tables.js";

const $ = (id) => document.getElementById(id);
const state = { newest: null, shown: null, before: null, frozen: false, bytes: localStorage.units === "bytes" };
window.ringside = state; // what is on the screen, for who looks from the console

const lines = [{ label: "received", color: "--rx" }, { label: "sent", color: "--tx" }];
const rate = (value) => format.bps(value, state.bytes);
const charts = {
	pps: new Chart("chart-pps", [...lines, { label: "dropped", color: "--drop" }], format.pps),
	bps: new Chart("chart-bps", lines, rate),
};
let latencyChart, latencyServices = "";

// A counter's change a second between two snapshots of one run.
function perSecond(now, before, read) {
	const seconds = before ? now.uptime_s - before.uptime_s : 0;
	const change = before ? read(now) - read(before) : NaN;
	return seconds > 0 && change >= 0 && read(now) !== null && read(before) !== null ? change / seconds : NaN;
}

function meanSince(now, before, index) {
	const a = now.services[index]?.latency_ns, b = before?.services[index]?.latency_ns;
	const packets = a?.count - b?.count;
	return packets > 0 ? (a.mean * a.count - (b.mean ?? 0) * b.count) / packets : NaN;
}

function addHistory(now, before) {
	const time = Date.parse(now.time) / 1000, totals = now.totals;
	state.dropPps = perSecond(now, before, (snapshot) => snapshot.totals.drop_packets);
	charts.pps.add(time, [totals.rx_pps, totals.tx_pps, state.dropPps]);
	charts.bps.add(time, [totals.rx_bps, totals.tx_bps]);
	const names = now.services.map((service) => service.name);
	if (names.join() !== latencyServices) {
		latencyServices = names.join();
		latencyChart?.plot?.destroy();
		latencyChart = new Chart("chart-latency",
			names.map((label, i) => ({ label, color: ["--rx", "--tx", "--drop", "--dim"][i % 4] })), format.ns);
	}
	latencyChart.add(time, names.map((_, i) => meanSince(now, before, i)));
}

const writers = {
	uptime_s: format.duration, rx_pps: format.pps, tx_pps: format.pps,
	rx_bps: rate, tx_bps: rate, version: (value) => value ?? "?",
};

function drawTotals(snapshot) {
	for (const place of document.querySelectorAll("header [data-path], #overview [data-path]")) {
		const write = writers[place.dataset.path.split(".").pop()] ?? format.count;
		text(place, write(resolve(snapshot, place.dataset.path)));
	}
	text($("name"), snapshot.name);
	text($("drop_pps"), format.pps(state.dropPps));
	$("books").classList.toggle("wrong", Boolean(snapshot.totals.unaccounted_packets));
	document.title = `${format.pps(snapshot.totals.rx_pps)} – ${snapshot.name}`;
	text($("caption-bps"), `${state.bytes ? "Bytes" : "Bits"} a second, layer 2 without FCS`);
	for (const button of $("levels").children)
		button.setAttribute("aria-pressed", String(button.dataset.level === snapshot.stats_level));
}

function draw() {
	const snapshot = state.newest;
	if (!snapshot || state.frozen)
		return;
	state.shown = snapshot;
	drawTotals(snapshot);
	drawViews(snapshot, state.before, { rate, perSecond });
	charts.pps.draw();
	charts.bps.draw();
	$("figure-latency").hidden = !snapshot.services.some((service) => service.latency_ns?.count);
	if (!$("figure-latency").hidden)
		latencyChart.draw();
}

function take(snapshot) {
	// another run begins anew
	const before = state.newest && snapshot.uptime_s > state.newest.uptime_s ? state.newest : null;
	state.before = before;
	state.newest = snapshot;
	addHistory(snapshot, before);
	draw();
}

function setLink(live) {
	$("link").classList.toggle("live", live);
	text($("link"), !live ? "no connection" : state.frozen ? "frozen" : "live");
}

let stream, heard = 0;
function connect() {
	stream?.close();
	stream = new EventSource("api/v1/stream");
	stream.onmessage = (event) => {
		heard = Date.now();
		take(JSON.parse(event.data));
		setLink(true);
	};
	stream.onerror = () => setLink(false);
}
// A stream that was refused is not tried again by the browser, and a dead one may not be noticed.
setInterval(() => {
	if (Date.now() - heard > 5000) {
		setLink(false);
		connect();
		showAccess();
	}
}, 5000);

controls({
	freeze() {
		state.frozen = !state.frozen;
		setLink(true);
		draw();
		return state.frozen;
	},
	units() {
		state.bytes = !state.bytes;
		localStorage.units = state.bytes ? "bytes" : "bits";
		const frozen = state.frozen;
		state.frozen = false;
		draw();
		state.frozen = frozen;
		return state.bytes;
	},
	theme() {
		for (const chart of [charts.pps, charts.bps, latencyChart])
			if (chart?.plot)
				chart.make();
	},
}, state.bytes);
connect();
