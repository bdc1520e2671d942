// SPDX-License-Identifier: BSD-2-Clause
// Buttons and keys. What changes the instance asks first whether it may: over TCP that takes the token.
import { text } from "./tables.js";

const $ = (id) => document.getElementById(id);
const sections = ["overview", "queues", "services", "latency", "drops"];
const themes = ["auto", "light", "dark"];
let changes = "refused"; // what the instance says: allowed, token, refused
export const mayChange = () => changes === "allowed" || (changes === "token" && Boolean(sessionStorage.token));

function say(words) {
	text($("message"), words);
	$("message").hidden = !words;
}

export function showAccess() {
	fetch("api/v1/access").then((answer) => answer.json()).then((answer) => {
		changes = answer.changes;
		$("unlock").hidden = changes !== "token" || mayChange();
		for (const button of document.querySelectorAll("#levels button")) {
			button.disabled = !mayChange();
			button.title = mayChange() ? "" : changes === "token" ? "Unlock first" : "Read-only: no token_file in [api]";
		}
	}, () => {});
}

// Sets a resource to a word; says why when it can't.
async function change(resource, word) {
	if (!mayChange())
		return say(changes === "token" ? "Unlock changes first." : "This listener is read-only: there is no token_file in [api].");
	try {
		const headers = sessionStorage.token ? { Authorization: `Bearer ${sessionStorage.token}` } : {};
		const answer = await fetch(resource, { method: "PUT", body: word, headers });
		if (answer.status === 401)
			delete sessionStorage.token;
		say(answer.ok ? "" : (await answer.json()).error);
	} catch (error) {
		say(`${resource}: ${error.message}`);
	}
	showAccess();
}

export const changeService = (name, state) => change(`api/v1/services/${encodeURIComponent(name)}/state`, state);

function setTheme(name) {
	const dark = name === "dark" || (name === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
	localStorage.theme = name;
	document.documentElement.dataset.theme = dark ? "dark" : "light";
	text($("theme"), `Theme: ${name}`);
}

function jump(number) {
	const section = $(sections[number - 1]);
	section.scrollIntoView({ block: "start" });
	section.focus({ preventScroll: true });
}

export function controls(page, bytes) {
	const actions = {
		freeze() {
			const frozen = page.freeze();
			$("freeze").setAttribute("aria-pressed", String(frozen));
			text($("freeze"), frozen ? "Go on" : "Freeze");
		},
		units() { text($("units"), page.units() ? "bytes" : "bits"); },
		theme() {
			setTheme(themes[(themes.indexOf(localStorage.theme) + 1) % themes.length]);
			page.theme();
		},
		help() { $("keys").showModal(); },
	};
	const level = (name) => change("api/v1/stats-level", name);
	const keys = {
		b: () => level("basic"), d: () => level("detailed"), D: () => level("debug"), p: actions.freeze,
		" ": actions.freeze, u: actions.units, t: actions.theme, "?": actions.help,
	};

	for (const [id, action] of Object.entries(actions))
		$(id).addEventListener("click", action);
	for (const button of $("levels").children)
		button.addEventListener("click", () => level(button.dataset.level));
	$("unlock").addEventListener("click", () => $("ask-token").showModal());
	$("ask-token").addEventListener("close", () => {
		if ($("ask-token").returnValue === "set" && $("token").value)
			sessionStorage.token = $("token").value.trim();
		$("token").value = "";
		showAccess();
	});
	document.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]"))
			return;
		if (event.key === " " && event.target.closest("button"))
			return; // presses the button
		if (event.key >= "1" && event.key <= String(sections.length))
			jump(Number(event.key));
		else if (keys[event.key])
			keys[event.key]();
		else
			return;
		event.preventDefault();
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
		setTheme(localStorage.theme);
		page.theme();
	});
	setTheme(themes.includes(localStorage.theme) ? localStorage.theme : "auto");
	text($("units"), bytes ? "bytes" : "bits");
	showAccess();
}
