// SPDX-License-Identifier: BSD-2-Clause
// Tables and lists that change in place: what has the focus or is being read stays where it is.

export function text(element, words) {
	if (element.textContent !== words)
		element.textContent = words;
}

export function element(name, attributes = {}, ...children) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes))
		made.setAttribute(key, value);
	made.append(...children);
	return made;
}

// Gives the parent one child for each key, in this order; make(key) makes those that are new.
export function keep(parent, keys, make) {
	const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
	keys.forEach((key, index) => {
		let child = old.get(key);
		old.delete(key);
		if (!child) {
			child = make(key);
			child.dataset.key = key;
		}
		if (parent.children[index] !== child)
			parent.insertBefore(child, parent.children[index] ?? null);
	});
	old.forEach((child) => child.remove());
	return [...parent.children];
}

// columns: [{title, kind: "text" or "long" or nothing, path, write, node}]. rows: [{key, ...}]. write(row) gives
// words, path(row) where in the snapshot they come from, node(row, cell) fills a cell with something else.
export function table(place, columns, rows) {
	const titles = columns.map((column) => column.title).join();
	if (place.dataset.titles !== titles) {
		place.replaceChildren(
			element("thead", {}, element("tr", {}, ...columns.map((column) =>
				element("th", { scope: "col", class: column.kind ? "text" : "" }, column.title)))),
			element("tbody"));
		place.dataset.titles = titles;
	}
	place.hidden = !rows.length;
	const lines = keep(place.tBodies[0], rows.map((row) => row.key), () =>
		element("tr", {}, ...columns.map((column) =>
			element("td", { class: column.kind ? "text " + column.kind : "" }))));
	rows.forEach((row, i) => columns.forEach((column, k) => {
		const cell = lines[i].cells[k];
		if (column.node)
			return column.node(row, cell);
		if (column.path)
			cell.dataset.path = column.path(row);
		text(cell, column.write(row));
		if (column.bad)
			cell.classList.toggle("state-bad", column.bad(row));
	}));
}
