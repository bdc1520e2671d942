/* SPDX-License-Identifier: BSD-2-Clause */
/* The web page's files, byte by byte. The assembler finds them by -I (Makefile.am); web.c has their names. */
	.section .rodata

.macro file symbol, name
	.globl web_\symbol
	.globl web_\symbol\()_end
web_\symbol:
	.incbin "\name"
web_\symbol\()_end:
	.byte 0
.endm

	file index_html, "index.html"
	file page_css, "page.css"
	file page_js, "page.js"
	file views_js, "views.js"
	file controls_js, "controls.js"
	file charts_js, "charts.js"
	file tables_js, "tables.js"
	file format_js, "format.js"
	file icon_svg, "icon.svg"
	file uplot_js, "uPlot.iife.min.js"
	file uplot_css, "uPlot.min.css"

	.section .note.GNU-stack, "", %progbits
