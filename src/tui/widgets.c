/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/widgets.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "stats/snapshot.h"
#include "stats/units.h"

struct label label_number(double value, const char *unit)
{
	struct label label = { ROLE_TEXT, "" };

	units_si(label.text, sizeof(label.text), value, unit);
	return label;
}

struct label label_count(uint64_t count)
{
	return label_number(count == SNAPSHOT_UNKNOWN ? NAN : (double)count, "");
}

struct label label_exact(uint64_t count)
{
	struct label label = { ROLE_TEXT, "" };

	units_count(label.text, sizeof(label.text), count);
	return label;
}

struct label label_things(uint64_t count)
{
	struct label label = label_count(count);

	if (count <= 99999)
		snprintf(label.text, sizeof(label.text), "%llu", (unsigned long long)count);
	return label;
}

struct label label_made(uint64_t count)
{
	struct label label = { ROLE_TEXT, "" };

	if (count && count != SNAPSHOT_UNKNOWN)
		snprintf(label.text, sizeof(label.text), " + made %.32s", label_exact(count).text);
	return label;
}

struct label label_ns(uint64_t ns)
{
	struct label label = { ROLE_TEXT, "" };

	units_ns(label.text, sizeof(label.text), ns);
	return label;
}

struct label label_percent(double percent)
{
	struct label label = { ROLE_TEXT, "?" };

	if (percent > 0 && percent < 0.01) {
		strcpy(label.text, "<.01%");
	} else if (!isnan(percent)) {
		units_fixed(label.text, sizeof(label.text) - 1, percent, percent < 9.995 ? 2 : 1);
		strcat(label.text, "%");
	}
	return label;
}

struct label label_price(double ns)
{
	struct label label = { ROLE_TEXT, "? ns" };

	if (isnan(ns))
		return label;
	units_fixed(label.text, sizeof(label.text) - 4, ns, ns < 9.95 ? 1 : 0);
	strcat(label.text, " ns");
	return label;
}

struct label label_measured(double ns, double error_ns)
{
	struct label label = { ROLE_TEXT, "? ns" };
	double step;
	int digits;

	if (isnan(ns) || isnan(error_ns))
		return label;
	digits = ns < 9.95 && error_ns < 9.95 ? 1 : 0;
	step = digits ? 0.1 : 1;
	/* rounding the price makes the error larger, and that is never told smaller than it is */
	if (ns > error_ns)
		snprintf(label.text, sizeof(label.text), "%.*f ±%.*f ns", digits, ns, digits,
			ceil((error_ns + step / 2) / step) * step);
	else
		snprintf(label.text, sizeof(label.text), "<%.0f ns", ceil(fmax(ns, 0) + error_ns));
	return label;
}

struct label label_clock(int64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / (int64_t)NSEC_PER_SEC);
	struct label label = { ROLE_TEXT, "?" };
	struct tm local;

	if (localtime_r(&seconds, &local))
		strftime(label.text, sizeof(label.text), "%H:%M:%S", &local);
	return label;
}

struct label label_duration(uint64_t seconds)
{
	struct label label = { ROLE_TEXT, "" };
	unsigned long long days = seconds / 86400, rest = seconds % 86400;

	if (days)
		snprintf(label.text, sizeof(label.text), "%llud %02llu:%02llu", days, rest / 3600,
			rest / 60 % 60);
	else
		snprintf(label.text, sizeof(label.text), "%02llu:%02llu:%02llu", rest / 3600,
			rest / 60 % 60, rest % 60);
	return label;
}

struct line line_start(const struct area *area, int y)
{
	return (struct line){ area_rows(area, y, 1), 0 };
}

static bool line_put(struct line *line, enum role role, const char *text)
{
	int width = area_text_width(&line->area, text);

	if (!line->area.height || line->x + width > line->area.width)
		return false;
	area_text(&line->area, line->x, 0, role, text);
	line->x += width;
	return true;
}

bool line_add(struct line *line, enum role role, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return line_put(line, role, text);
}

bool line_part(struct line *line, enum role role, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (!line->area.height ||
		line->x + 3 + area_text_width(&line->area, text) > line->area.width)
		return false;
	area_put(&line->area, line->x + 1, 0, ROLE_DIM, line->area.canvas->ascii ? L'|' : L'│');
	line->x += 3;
	return line_put(line, role, text);
}

bool line_end(struct line *line, enum role role, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	int width;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	width = area_text_width(&line->area, text);
	if (!line->area.height || line->x + width > line->area.width)
		return false;
	area_text(&line->area, line->area.width - width, 0, role, text);
	line->area.width -= width + 1;
	if (line->area.width < 0)
		line->area.width = 0;
	return true;
}

void widget_rule(const struct area *area, int y, const char *title)
{
	area_fill(area, 0, y, area->width, ROLE_DIM, area->canvas->ascii ? L'-' : L'─');
	if (*title)
		area_print(area, 2, y, ROLE_STRONG, " %s ", title);
}

void widget_bar(const struct area *area, int x, int y, int width, double share, enum role role)
{
	static const wchar_t eighths[] = L"▏▎▍▌▋▊▉█";
	int steps, parts = area->canvas->ascii ? 1 : 8;

	if (!(share > 0) || width < 1)
		return;
	steps = (int)lround((share > 1 ? 1 : share) * width * parts);
	if (steps < 1)
		steps = 1;
	for (int i = 0; i < steps / parts; i++)
		area_put(area, x + i, y, role, area->canvas->ascii ? L'#' : L'█');
	if (steps % parts)
		area_put(area, x + steps / parts, y, role, eighths[steps % parts - 1]);
}

double graph_top(double value)
{
	static const double steps[] = { 1, 1.5, 2, 3, 4, 5, 6, 8, 10 };
	double power = 10;

	while (power * 10 < value)
		power *= 10;
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]) - 1; i++)
		if (steps[i] * power >= value)
			return steps[i] * power;
	return 10 * power;
}

struct label graph_label(double value)
{
	struct label label = label_number(value, "");
	char *point = strchr(label.text, '.'), *prefix, *end;

	if (!point)
		return label;
	prefix = point + 1 + strspn(point + 1, "0123456789");
	end = prefix;
	while (end > point && (end[-1] == '0' || end[-1] == '.'))
		end--;
	memmove(end, prefix, strlen(prefix) + 1);
	return label;
}

void widget_shade(const struct area *area, int x, int y, double share)
{
	static const wchar_t shades[] = L"░▒▓█", ascii[] = L".:*#";
	int step = (int)(share * 4);

	if (!(share > 0))
		return;
	step = step > 3 ? 3 : step;
	area_put(area, x, y, ROLE_ACCENT, area->canvas->ascii ? ascii[step] : shades[step]);
}
